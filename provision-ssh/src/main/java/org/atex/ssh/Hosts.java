package org.atex.ssh;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.atex.api.ProvisioningException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sources of hosts that are known beforehand: a fixed list, or a file. Thread-safe. */
public final class Hosts {
    private static final Logger LOG = LoggerFactory.getLogger(Hosts.class);

    private Hosts() {}

    /**
     * {@return a source of the hosts given}
     *
     * @param hosts each {@code [user@]host[:port]}, an IPv6 address in brackets; at least one, and each once
     * @throws IllegalArgumentException if one is not of that form, or there twice
     */
    public static HostSource of(String... hosts) {
        return of(Stream.of(hosts).map(Host::of).toList());
    }

    /**
     * {@return a source of the hosts given}
     *
     * @param hosts at least one, and each once: a machine that runs several tests at once has several slots
     * @throws IllegalArgumentException if one is there twice, or there is none
     */
    public static HostSource of(List<Host> hosts) {
        if (hosts.isEmpty()) {
            throw new IllegalArgumentException("a list of hosts needs at least one");
        }
        Map<Host.Identity, Host> seen = new HashMap<>();
        for (Host host : hosts) {
            if (seen.put(host.identity(), host) != null) {
                throw new IllegalArgumentException(host + " is listed twice: give it slots instead");
            }
        }
        return new HostList("a list of " + hosts.size() + " hosts", hosts);
    }

    /**
     * {@return a source of the hosts in a file of JSON lines}
     *
     * <p>Each line is an object: {@code {"host": "a.example", "port": 2222, "arguments": {"cores": 4}}}. Only {@code host} is
     * required. {@code user}, {@code cores} (or {@code slots}: how many tests at once) and {@code jump_host} may stand among
     * the arguments or beside them. Of the other arguments those in upper case are variables of every command on that host,
     * the rest are its labels. Blank lines are skipped, keys that are not known are left out with a warning.
     *
     * @param file the file, in UTF-8; it is read now: lines of up to 64 KiB, up to 10,000 hosts
     * @throws ProvisioningException if it cannot be read, has no host, one twice, or a line that is not understood; the
     *     message has the file, the line's number and what is expected
     */
    public static HostSource file(Path file) {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            List<Host> hosts = read(file, new LineReader(in));
            if (hosts.isEmpty()) {
                throw new ProvisioningException("no host in " + file + ": expected " + HostLine.FORM, null);
            }
            return new HostList(file.toString(), hosts);
        } catch (IOException e) {
            throw new ProvisioningException("could not read hosts from " + file + ": " + e, e);
        }
    }

    private static List<Host> read(Path file, LineReader lines) throws IOException {
        List<Host> hosts = new ArrayList<>();
        Map<Host.Identity, Long> seen = new HashMap<>();
        try {
            for (String line = lines.next(); line != null; line = lines.next()) {
                if (!line.isBlank()) {
                    JsonLine json = JsonLine.read(line);
                    Host host = HostLine.host(json);
                    HostLine.unknown(json)
                            .forEach(key -> LOG.warn("{}, line {}: '{}' is not known", file, lines.number(), key));
                    Long before = seen.put(host.identity(), lines.number());
                    if (before != null) {
                        throw new IllegalArgumentException(
                                host + " is already in line " + before + ": give it \"cores\" instead");
                    }
                    if (hosts.size() == HostLine.MAX_HOSTS) {
                        throw new IllegalArgumentException("there are more than " + HostLine.MAX_HOSTS + " hosts");
                    }
                    hosts.add(host);
                }
            }
        } catch (IllegalArgumentException | LineReader.TooLongException e) {
            throw new ProvisioningException(
                    "could not read hosts from " + file + ", line " + lines.number() + ": " + e.getMessage(), e);
        }
        return hosts;
    }
}
