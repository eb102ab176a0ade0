package org.atex.ssh;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Input;
import org.atex.api.Output;
import org.atex.api.RunningCommand;
import org.atex.support.RawFileName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Compares copied files with the originals, by their sizes and checksums on the system. */
final class Verification {
    private static final Logger LOG = LoggerFactory.getLogger(Verification.class);
    private static final int PIECE = 128 * 1024;

    private static final String SIZES = "cd \"$1\" && exec xargs -0 stat -c %s";
    private static final String SUMS = "cd \"$1\" && exec xargs -0 sha256sum";
    private static final String FILES = "cd \"$1\" && exec find . -type f -print0";

    /** A line of sha256sum up to the name. The name is not needed, and may contain escaped line breaks. */
    private static final Pattern SUM = Pattern.compile("^\\\\?([0-9a-f]{64}) [ *]\\./", Pattern.MULTILINE);

    private final Connection connection;
    private final String directory;

    /**
     * Creates a verification.
     *
     * @param connection the connection to the system
     * @param directory the directory on the system to which the names are relative
     */
    Verification(Connection connection, String directory) {
        this.connection = connection;
        this.directory = directory;
    }

    /**
     * Compares sizes. Does nothing if the system has no {@code stat} or {@code xargs}.
     *
     * @param sent the lengths of the sent files by their raw names
     * @throws IOException if a file has another length
     */
    void sizes(Map<String, Long> sent) throws IOException, InterruptedException {
        if (sent.isEmpty()) {
            return;
        }
        List<String> names = List.copyOf(sent.keySet());
        List<String> sizes = ask(SIZES, names).lines().toList();
        if (sizes.isEmpty()) {
            LOG.debug("sizes of {} files in {} on {} not verified: no stat", names.size(), directory, connection);
            return;
        }
        for (int i = 0; i < names.size(); i++) {
            String size = i < sizes.size() ? sizes.get(i) : "unknown";
            if (!size.equals(String.valueOf(sent.get(names.get(i))))) {
                throw new IOException(
                        "the copy of " + RawFileName.readable(names.get(i)) + " is not as long as the original: "
                                + sent.get(names.get(i)) + " bytes were sent, and the copy has " + size + " bytes");
            }
        }
    }

    /** {@return the raw names of all files in the directory and below} */
    List<String> files() throws IOException, InterruptedException {
        String all = ask(FILES, List.of());
        return all.isEmpty() ? List.of() : Arrays.asList(all.split("\0"));
    }

    /**
     * Compares checksums.
     *
     * @param files the local files, by the raw names of the files on the system
     * @throws IOException if a checksum differs, or the system cannot compute them
     */
    void sums(Map<String, Path> files) throws IOException, InterruptedException {
        if (files.isEmpty()) {
            return;
        }
        List<String> names = List.copyOf(files.keySet());
        List<String> sums = new ArrayList<>();
        String said = ask(SUMS, names);
        for (Matcher line = SUM.matcher(said); line.find(); ) {
            sums.add(line.group(1));
        }
        if (sums.size() != names.size()) {
            throw new IOException("could not verify the copy: the system computed the checksums of " + sums.size()
                    + " of " + names.size() + " files (does it have xargs and sha256sum?)");
        }
        Iterator<String> there = sums.iterator();
        for (Map.Entry<String, Path> file : files.entrySet()) {
            if (!there.next().equals(sum(file.getValue()))) {
                throw new IOException("the copy of " + RawFileName.readable(file.getKey())
                        + " has another checksum than the original");
            }
        }
    }

    private static String sum(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] piece = new byte[PIECE];
            for (int n; (n = in.read(piece)) >= 0; ) {
                digest.update(piece, 0, n);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is not available, though every JDK must have it", e);
        }
    }

    private String ask(String script, List<String> names) throws IOException, InterruptedException {
        ByteArrayOutputStream list = new ByteArrayOutputStream();
        for (String name : names) {
            list.writeBytes(RawFileName.bytes(name));
            list.write(0);
        }
        Command command = Command.of("sh", "-c", script, "sh", directory)
                .withStdin(Input.bytes(list.toByteArray()))
                .withStderr(Output.discard());
        try (RunningCommand running = connection.start(command)) {
            String said = new String(running.stdout().readAllBytes(), ISO_8859_1);
            running.await();
            return said;
        }
    }
}
