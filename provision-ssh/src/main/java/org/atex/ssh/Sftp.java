package org.atex.ssh;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import net.schmizz.sshj.SSHClient;
import net.schmizz.sshj.connection.ConnectionException;
import net.schmizz.sshj.connection.channel.direct.Session;
import net.schmizz.sshj.connection.channel.direct.SessionChannel;
import net.schmizz.sshj.connection.channel.direct.SessionFactory;
import net.schmizz.sshj.sftp.FileAttributes;
import net.schmizz.sshj.sftp.FileMode;
import net.schmizz.sshj.sftp.OpenMode;
import net.schmizz.sshj.sftp.RemoteFile;
import net.schmizz.sshj.sftp.RemoteResourceInfo;
import net.schmizz.sshj.sftp.SFTPClient;
import net.schmizz.sshj.sftp.SFTPEngine;
import net.schmizz.sshj.transport.TransportException;
import org.atex.api.ConnectionLostException;
import org.atex.support.RawFileName;
import org.jspecify.annotations.Nullable;

/**
 * Copies a file or a tree by the sftp subsystem, for hosts without tar. The result is the same as by tar. It takes
 * several round trips for each file.
 */
final class Sftp extends Transfer {
    /** The number of read or write requests sent ahead of their answers. */
    private static final int AHEAD = 32;

    private static final int PERMISSIONS = 07777;
    private static final int PIECE = 128 * 1024;

    private final Link link;
    private final Work work;

    private interface Work {
        void run(SFTPClient sftp) throws IOException;
    }

    private Sftp(Link link, String from, String to, Work work) {
        super(from, to);
        this.link = link;
        this.work = work;
    }

    static Sftp upload(Link link, Path source, String target, TransferListener listener) {
        return new Sftp(
                link,
                source.toString(),
                target + " on " + link,
                sftp -> new Upload(sftp, source, listener).run(RawFileName.of(target)));
    }

    static Sftp download(Link link, String source, Path target, TransferListener listener) {
        return new Sftp(
                link,
                source + " on " + link,
                target.toString(),
                sftp -> fetch(sftp, RawFileName.of(source), target, listener));
    }

    /** Runs the copy in a thread of the link: an interrupt of the caller must not close the socket. */
    @Override
    void attempt() throws IOException, InterruptedException {
        SFTPClient[] client = new SFTPClient[1];
        FutureTask<Boolean> task = new FutureTask<>(() -> {
            try (SFTPClient sftp = open(link.client())) {
                client[0] = sftp;
                work.run(sftp);
                return true;
            }
        });
        link.threads().execute(task);
        try {
            task.get();
        } catch (InterruptedException e) {
            link.threads().execute(() -> end(client[0]));
            throw e;
        } catch (ExecutionException e) {
            // The channel may fail before the loss of the link is detected. The probe tells which it was.
            link.probe();
            IOException lost = link.lost();
            if (lost != null) {
                throw new ConnectionLostException("lost " + link + " during a copy: " + lost.getMessage(), lost);
            }
            throw e.getCause() instanceof IOException io ? io : new IOException(Dialer.reason(e), e);
        }
    }

    /** Opens an sftp client with ISO 8859-1 as character set, so that names are raw. */
    private static SFTPClient open(SSHClient client) throws IOException {
        SFTPEngine engine = new SFTPEngine(new SessionFactory() {
            @Override
            public Session startSession() throws ConnectionException, TransportException {
                SessionChannel session = new SessionChannel(client.getConnection(), ISO_8859_1);
                session.open();
                return session;
            }

            @Override
            public InetSocketAddress getRemoteSocketAddress() {
                return client.getRemoteSocketAddress();
            }
        });
        boolean done = false;
        try {
            SFTPClient sftp = new SFTPClient(engine.init());
            done = true;
            return sftp;
        } finally {
            if (!done) {
                engine.close();
            }
        }
    }

    private static void end(@Nullable SFTPClient sftp) {
        if (sftp != null) {
            try {
                sftp.close();
            } catch (IOException e) {
                // The channel is closed in any case.
            }
        }
    }

    private static void fetch(SFTPClient sftp, String source, Path target, TransferListener listener)
            throws IOException {
        LocalTree tree = new LocalTree(target, listener);
        fetch(sftp, tree, source, ".", sftp.lstat(source));
        tree.finish();
    }

    private static void fetch(SFTPClient sftp, LocalTree tree, String path, String name, FileAttributes attributes)
            throws IOException {
        int mode = attributes.getMode().getPermissionsMask();
        FileTime time = FileTime.fromMillis(attributes.getMtime() * 1000);
        switch (attributes.getType()) {
            case DIRECTORY -> {
                tree.directory(name, mode, time);
                for (RemoteResourceInfo entry : sftp.ls(path)) {
                    fetch(sftp, tree, entry.getPath(), name + "/" + entry.getName(), entry.getAttributes());
                }
            }
            case SYMLINK -> tree.link(name, sftp.readlink(path), time);
            case REGULAR -> {
                try (RemoteFile file = sftp.open(path);
                        InputStream content = file.new ReadAheadRemoteFileInputStream(AHEAD)) {
                    tree.file(name, mode, time, content);
                }
            }
            default -> {} // devices, sockets and pipes are left out
        }
    }

    private static final class Upload extends SimpleFileVisitor<Path> {
        private final SFTPClient sftp;
        private final Path source;
        private final TransferListener listener;
        private final Deque<Step> last = new ArrayDeque<>();
        private String target = "";
        private long moved;

        private interface Step {
            void run() throws IOException;
        }

        Upload(SFTPClient sftp, Path source, TransferListener listener) {
            this.sftp = sftp;
            this.source = source;
            this.listener = listener;
        }

        void run(String to) throws IOException {
            target = RemotePath.trimmed(to);
            String parent = RemotePath.parent(to);
            if (sftp.statExistence(parent) == null) {
                sftp.mkdirs(parent);
            }
            Files.walkFileTree(source, this);
            for (@Nullable Step next; (next = last.poll()) != null; ) {
                next.run();
            }
        }

        private String there(Path path) {
            return path.equals(source) ? target : target + "/" + RawFileName.of(source.relativize(path));
        }

        private static FileAttributes attributes(Path path, BasicFileAttributes attributes) throws IOException {
            int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
            long time = attributes.lastModifiedTime().toMillis() / 1000;
            return new FileAttributes.Builder()
                    .withPermissions(mode & PERMISSIONS)
                    .withAtimeMtime(time, time)
                    .build();
        }

        /** {@return the type of a file on the host, or null if it does not exist} */
        private FileMode.@Nullable Type type(String path, boolean follow) {
            try {
                return (follow ? sftp.stat(path) : sftp.lstat(path)).getType();
            } catch (IOException e) {
                return null;
            }
        }

        private void clear(String path) throws IOException {
            FileMode.Type type = type(path, false);
            if (type == FileMode.Type.DIRECTORY) {
                throw new IOException("a directory is in the way of a file: " + RawFileName.readable(path));
            }
            if (type != null) {
                sftp.rm(path);
            }
        }

        @Override
        public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) throws IOException {
            String path = there(directory);
            if (type(path, directory.equals(source)) != FileMode.Type.DIRECTORY) {
                clear(path);
                sftp.mkdir(path);
            }
            FileAttributes wanted = attributes(directory, attributes);
            // Directories get their modes last: a read-only one could not be written to.
            last.push(() -> sftp.setattr(path, wanted));
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            String path = there(file);
            if (attributes.isSymbolicLink()) {
                clear(path);
                // Target first: OpenSSH and other servers expect the reverse of the order in the protocol's draft.
                sftp.symlink(RawFileName.of(Files.readSymbolicLink(file)), path);
            } else if (attributes.isRegularFile()) {
                clear(path);
                long size;
                try (RemoteFile remote = sftp.open(path, EnumSet.of(OpenMode.CREAT, OpenMode.EXCL, OpenMode.WRITE));
                        InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
                    size = copy(in, remote, file);
                }
                if (sftp.size(path) != size) {
                    throw new IOException("the copy of " + file + " is not as long as the original: " + size
                            + " bytes were sent, and the copy has " + sftp.size(path) + " bytes");
                }
                sftp.setattr(path, attributes(file, attributes));
            }
            return FileVisitResult.CONTINUE;
        }

        /** Copies the content. Long runs of zeros become holes. */
        private long copy(InputStream in, RemoteFile to, Path file) throws IOException {
            byte[] piece = new byte[PIECE];
            long size = 0;
            long end = 0;
            OutputStream out = to.new RemoteFileOutputStream(0, AHEAD);
            try {
                for (int n; (n = in.readNBytes(piece, 0, piece.length)) > 0; ) {
                    if (n < PIECE || !Holes.isZero(piece, n)) {
                        if (end < size) {
                            out.close();
                            out = to.new RemoteFileOutputStream(size, AHEAD);
                        }
                        out.write(piece, 0, n);
                        end = size + n;
                    }
                    size += n;
                    moved += n;
                    listener.transferred(file.toString(), moved);
                }
            } finally {
                out.close();
            }
            if (end < size) {
                to.write(size - 1, new byte[1], 0, 1);
            }
            return size;
        }
    }
}
