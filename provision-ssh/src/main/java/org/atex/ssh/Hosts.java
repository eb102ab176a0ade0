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

/** Factories of sources with hosts known in advance: a list or a file. The sources are thread-safe. */
public final class Hosts {
    private static final Logger LOG = LoggerFactory.getLogger(Hosts.class);

    private Hosts() {}

    /**
     * {@return a source of these hosts}
     *
     * @param hosts the hosts, each {@code [user@]host[:port]} with an IPv6 address in brackets, or with arguments as
     *     described at {@link Host#of}; at least one, each machine once
     * @throws IllegalArgumentException if there is no host, a host is listed twice, or a text does not have that form
     */
    public static HostSource of(String... hosts) {
        return of(Stream.of(hosts).map(Host::of).toList());
    }

    /**
     * {@return a source of these hosts}
     *
     * @param hosts the hosts; at least one, each machine once: for several tests at once give a host several slots
     * @throws IllegalArgumentException if there is no host, or a host is listed twice
     */
    public static HostSource of(List<Host> hosts) {
        if (hosts.isEmpty()) {
            throw new IllegalArgumentException("a list of hosts needs at least one host");
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
     * <p>Each line is an object: {@code {"host": "a.example", "port": 2222, "arguments": {"cores": 4}}}. Only
     * {@code host} is required. {@code user}, {@code slots} (or {@code cores}: the number of tests at once) and
     * {@code jump_host} are accepted among the arguments and beside them. Other arguments are environment variables of
     * every command on the host if their name is in upper case, otherwise labels of the host. Blank lines are skipped.
     * Unknown keys are ignored with a warning.
     *
     * @param file the file, in UTF-8, with at most 64 KiB a line and 10,000 hosts; it is read by this call
     * @throws ProvisioningException if the file cannot be read, has no host, has a host twice or has an invalid line;
     *     the message gives the file, the number of the line and the expected form
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
                    HostLine.unknownKeys(json)
                            .forEach(key -> LOG.warn(
                                    "{}, line {}: the unknown key '{}' is ignored", file, lines.number(), key));
                    Long earlier = seen.put(host.identity(), lines.number());
                    if (earlier != null) {
                        throw new IllegalArgumentException(
                                host + " is already in line " + earlier + ": give it \"cores\" instead");
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
