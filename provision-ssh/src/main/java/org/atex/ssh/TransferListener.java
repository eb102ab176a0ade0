package org.atex.ssh;

/** Is told how the transfer of a file or a tree goes on. Called by the thread that transfers: it must not block. */
@FunctionalInterface
public interface TransferListener {
    /**
     * Some more was moved.
     *
     * @param path the file that is being moved, as its source has it
     * @param bytes how much of the whole transfer has been moved so far; a transfer that has to begin again, because its source
     *     changed or the system has no tar, counts again
     */
    void moved(String path, long bytes);
}
