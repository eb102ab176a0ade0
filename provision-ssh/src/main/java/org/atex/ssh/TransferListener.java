package org.atex.ssh;

/** Receives the progress of the copy of a file or tree. Called by the copying thread, so it must not block. */
@FunctionalInterface
public interface TransferListener {
    /**
     * Reports progress.
     *
     * @param path the source path of the file that is being copied
     * @param bytes the number of bytes of the whole transfer copied so far. A transfer that starts again, because its
     *     source changed or the system has no tar, counts them again
     */
    void transferred(String path, long bytes);
}
