package org.atex.adhoc;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.atex.api.Executor;
import org.atex.api.RunListener;
import org.atex.api.SystemHook;
import org.atex.artifacts.Retention;
import org.jspecify.annotations.Nullable;

/**
 * The validated configuration of a run.
 *
 * @param tests the tests to run, in the order given
 * @param elsewhere the names of the tests that are in other shards
 * @param unreadable tests with failing methods, and the reason
 * @param provisioners the provisioners of systems
 * @param offers the labels that each provisioner declares for its systems
 * @param notes problems while the plan was made
 * @param hook the preparation of each system
 * @param recordsPackages whether the packages of systems are recorded
 * @param factory opens executors on systems
 * @param sinks store the results
 * @param platforms the platforms that results name
 * @param listeners the receivers of events
 * @param workDirectory the directory for artifacts until they are ingested, or null for a temporary one
 * @param retention what stays in that directory; null if this run does not
 * @param resumes whether the run goes on with one whose program was killed
 * @param rules the rules of the schedule
 * @param limits the time limits for user code
 * @param maxSlots the maximum number of slots used of a system
 * @param wall the wall clock of this machine, which may jump
 * @param history the history of earlier runs
 * @param lastLines the number of last output lines in the events of an attempt that did not pass
 */
record RunPlan(
        List<PlannedTest> tests,
        Set<String> elsewhere,
        Map<PlannedTest, String> unreadable,
        List<NamedProvisioner> provisioners,
        List<Map<String, String>> offers,
        List<String> notes,
        SystemHook hook,
        boolean recordsPackages,
        Executor.Factory factory,
        List<NamedSink> sinks,
        Platforms platforms,
        List<RunListener> listeners,
        @Nullable Path workDirectory,
        @Nullable Retention retention,
        boolean resumes,
        RunRules rules,
        Limits limits,
        int maxSlots,
        InstantSource wall,
        RunHistory history,
        int lastLines) {
    /** {@return whether the run stays in the work directory} */
    boolean isKept() {
        return retention != null;
    }

    /** {@return the largest number of tests that can run at the same time} */
    int maxPlaces() {
        return (int) Math.min(tests.size(), (long) rules.maxSystems() * maxSlots);
    }

    /** {@return the terms of each provisioner, for the schedule} */
    List<Supply.Terms> terms() {
        return IntStream.range(0, offers.size())
                .mapToObj(i -> new Supply.Terms(
                        offers.get(i),
                        provisioners.get(i).preference(),
                        provisioners.get(i).maxSystems(),
                        provisioners.get(i).cost(),
                        provisioners.get(i).expected()))
                .toList();
    }
}
