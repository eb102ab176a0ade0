package org.atex.libvirt;

import org.atex.support.LeaseEnd;
import org.atex.support.SystemOwner;

/**
 * By which the systems of a run are found when their program cannot remove them: the process that started them, the run,
 * and the time after which they are not needed any more.
 *
 * @param owner the process
 * @param run the tag of the run
 * @param deadline the time in seconds since 1970
 */
record Lease(String owner, String run, String deadline) {
    /** {@return whether a system is left over: its process has ended, or its deadline has passed} */
    boolean isOver() {
        return SystemOwner.hasEnded(owner) || LeaseEnd.hasPassed(deadline);
    }
}
