package org.atex.ssh;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How hosts are reached over ssh, and as whom. Immutable, and so thread-safe: each {@code with…} method gives a changed
 * copy.
 *
 * <p>What is not said here is taken from {@code ~/.ssh/config} for the host's name, then from the defaults of OpenSSH.
 * Suppliers of secrets are asked each time a connection is made, never before; what they give is not kept, and is in no
 * log, message or command line.
 */
public final class SshOptions {
    private static final SshOptions DEFAULTS = new SshOptions();

    private @Nullable String user;
    private @Nullable HostKeys hostKeys;
    private List<Key> keys = List.of();
    private @Nullable Path agent;
    private boolean noAgent;
    private @Nullable Supplier<char[]> password;
    private @Nullable String jump;
    private @Nullable SshOptions jumpOptions;
    private @Nullable String proxyCommand;
    private @Nullable Path config = usualConfig();
    private Duration connectWithin = Duration.ofSeconds(30);
    private Duration keepAlive = Duration.ofSeconds(15);
    private int misses = 4;
    private @Nullable String sudo;
    private @Nullable Supplier<char[]> sudoPassword;
    private Map<String, String> environment = Map.of();
    private TransferListener transfers = (path, bytes) -> {};

    private boolean checksums;

    private SshOptions() {}

    private static Path usualConfig() {
        return Path.of(System.getProperty("user.home"), ".ssh", "config");
    }

    /**
     * A private key in a file.
     *
     * @param file the file, in any format that OpenSSH writes
     * @param passphrase its passphrase, or null if it has none
     */
    record Key(Path file, @Nullable Supplier<char[]> passphrase) {}

    /**
     * {@return the usual ones: the user's own configuration, keys, agent and known hosts; 30 s to connect; a system that
     * says nothing for a minute, asked every 15 s, is lost}
     */
    public static SshOptions defaults() {
        return DEFAULTS;
    }

    /**
     * {@return these with another user, unless the destination names one}
     *
     * @param name who to log in as
     */
    public SshOptions withUser(String name) {
        SshOptions copy = copy();
        copy.user = name;
        return copy;
    }

    /**
     * {@return these with another opinion of host keys; the default is {@link HostKeys#known()}}
     *
     * @param value which keys are accepted
     */
    public SshOptions withHostKeys(HostKeys value) {
        SshOptions copy = copy();
        copy.hostKeys = value;
        return copy;
    }

    /**
     * {@return these with one more private key; once there is one, neither the usual files in {@code ~/.ssh} nor those that
     * the configuration names are tried}
     *
     * @param file the key, or a public key whose private one is in the agent
     */
    public SshOptions withKey(Path file) {
        return withKey(new Key(file, null));
    }

    /**
     * {@return these with one more private key, which is encrypted}
     *
     * @param file the key
     * @param passphrase its passphrase
     */
    public SshOptions withKey(Path file, Supplier<char[]> passphrase) {
        return withKey(new Key(file, passphrase));
    }

    private SshOptions withKey(Key key) {
        SshOptions copy = copy();
        List<Key> all = new ArrayList<>(keys);
        all.add(key);
        copy.keys = List.copyOf(all);
        return copy;
    }

    /**
     * {@return these with another agent than that of {@code SSH_AUTH_SOCK}}
     *
     * @param socket the agent's socket
     */
    public SshOptions withAgent(Path socket) {
        SshOptions copy = copy();
        copy.agent = socket;
        copy.noAgent = false;
        return copy;
    }

    /** {@return these without an agent} */
    public SshOptions withoutAgent() {
        SshOptions copy = copy();
        copy.agent = null;
        copy.noAgent = true;
        return copy;
    }

    /**
     * {@return these with a password, for servers that ask for one in either way (password, keyboard-interactive)}
     *
     * @param supplier the password
     */
    public SshOptions withPassword(Supplier<char[]> supplier) {
        SshOptions copy = copy();
        copy.password = supplier;
        return copy;
    }

    /**
     * {@return these with hosts to go through, each of which is checked and logged in to with these same options}
     *
     * @param hosts {@code [user@]host[:port]}, several separated by commas in the order in which they are met
     */
    public SshOptions withJump(String hosts) {
        SshOptions copy = copy();
        copy.jump = hosts;
        return copy;
    }

    /**
     * {@return these with hosts to go through, and how to log in there}
     *
     * @param hosts {@code [user@]host[:port]}, several separated by commas in the order in which they are met
     * @param options for those hosts
     */
    public SshOptions withJump(String hosts, SshOptions options) {
        SshOptions copy = withJump(hosts);
        copy.jumpOptions = options;
        return copy;
    }

    /**
     * {@return these with a program of this machine whose input and output are the way to the host}
     *
     * @param command a line for {@code sh}; {@code %h}, {@code %p}, {@code %r} and {@code %n} in it are host, port, user and the
     *     name by which the user calls the host
     */
    public SshOptions withProxyCommand(String command) {
        SshOptions copy = copy();
        copy.proxyCommand = command;
        return copy;
    }

    /**
     * {@return these with another configuration file than {@code ~/.ssh/config} and {@code /etc/ssh/ssh_config}}
     *
     * <p>Where OpenSSH's client is on the path, {@code ssh -G} says what the file means: all of {@code ssh_config(5)} counts.
     * Elsewhere Host, Include, Match by host, user, originalhost, localuser and all, HostName, Port, User, IdentityFile,
     * CertificateFile, IdentitiesOnly, IdentityAgent, ProxyJump, ProxyCommand, HostKeyAlias, UserKnownHostsFile,
     * GlobalKnownHostsFile, StrictHostKeyChecking and NoHostAuthenticationForLocalhost do. What else would decide who is
     * reached or trusted is refused, and the rest has no effect.
     *
     * @param file a file as {@code ssh_config(5)} has it
     */
    public SshOptions withConfig(Path file) {
        SshOptions copy = copy();
        copy.config = file;
        return copy;
    }

    /** {@return these without any configuration file} */
    public SshOptions withoutConfig() {
        SshOptions copy = copy();
        copy.config = null;
        return copy;
    }

    /**
     * {@return these with another time for connecting, from the first attempt to being logged in; attempts that are
     * refused meanwhile are repeated}
     *
     * @param time how long in all
     */
    public SshOptions withConnectWithin(Duration time) {
        SshOptions copy = copy();
        copy.connectWithin = positive(time, "time to connect");
        return copy;
    }

    /**
     * {@return these with another patience for a system that says nothing}
     *
     * @param interval how long it may be silent before it is asked whether it is there
     * @param allowedMisses how many such intervals may pass without an answer: then it is lost
     */
    public SshOptions withKeepAlive(Duration interval, int allowedMisses) {
        if (allowedMisses < 1) {
            throw new IllegalArgumentException("keep-alive needs at least 1 allowed miss, not " + allowedMisses);
        }
        SshOptions copy = copy();
        copy.keepAlive = positive(interval, "keep-alive interval");
        copy.misses = allowedMisses;
        return copy;
    }

    /**
     * {@return these with everything done as another user there, by {@code sudo} without a password}
     *
     * @param name the user, such as {@code root}
     */
    public SshOptions withSudo(String name) {
        SshOptions copy = copy();
        copy.sudo = name;
        copy.sudoPassword = null;
        return copy;
    }

    /**
     * {@return these with everything done as another user there, by {@code sudo} that asks for a password}
     *
     * @param name the user, such as {@code root}
     * @param supplier the password of who logs in
     */
    public SshOptions withSudo(String name, Supplier<char[]> supplier) {
        SshOptions copy = withSudo(name);
        copy.sudoPassword = supplier;
        return copy;
    }

    /**
     * {@return these with more variables for every command; a command's own come after them}
     *
     * @param more the variables
     */
    public SshOptions withEnvironment(Map<String, String> more) {
        SshOptions copy = copy();
        Map<String, String> all = new LinkedHashMap<>(environment);
        all.putAll(more);
        copy.environment = Map.copyOf(all);
        return copy;
    }

    /**
     * {@return these with somebody who is told how transfers go on}
     *
     * @param listener who
     */
    public SshOptions withTransferListener(TransferListener listener) {
        SshOptions copy = copy();
        copy.transfers = listener;
        return copy;
    }

    /**
     * {@return these with the SHA-256 checksums of all files compared after each transfer; without it, only their sizes are} The
     * system needs {@code xargs} and {@code sha256sum}, and for downloads {@code find}. A file that is written to meanwhile
     * differs.
     */
    public SshOptions withChecksums() {
        SshOptions copy = copy();
        copy.checksums = true;
        return copy;
    }

    private static Duration positive(Duration time, String what) {
        if (time.isZero() || time.isNegative()) {
            throw new IllegalArgumentException("the " + what + " must be more than " + time);
        }
        return time;
    }

    private SshOptions copy() {
        SshOptions copy = new SshOptions();
        copy.user = user;
        copy.hostKeys = hostKeys;
        copy.keys = keys;
        copy.agent = agent;
        copy.noAgent = noAgent;
        copy.password = password;
        copy.jump = jump;
        copy.jumpOptions = jumpOptions;
        copy.proxyCommand = proxyCommand;
        copy.config = config;
        copy.connectWithin = connectWithin;
        copy.keepAlive = keepAlive;
        copy.misses = misses;
        copy.sudo = sudo;
        copy.sudoPassword = sudoPassword;
        copy.environment = environment;
        copy.transfers = transfers;
        copy.checksums = checksums;
        return copy;
    }

    @Nullable
    String user() {
        return user;
    }

    @Nullable
    HostKeys hostKeys() {
        return hostKeys;
    }

    List<Key> keys() {
        return keys;
    }

    /** {@return the socket of an agent that was named, or null} */
    @Nullable
    Path agent() {
        return agent;
    }

    boolean isWithoutAgent() {
        return noAgent;
    }

    @Nullable
    Supplier<char[]> password() {
        return password;
    }

    @Nullable
    String jump() {
        return jump;
    }

    SshOptions jumpOptions() {
        return jumpOptions != null ? jumpOptions : withoutWay();
    }

    /** {@return these without what is said of the way, for a host that is on it} */
    private SshOptions withoutWay() {
        SshOptions copy = copy();
        copy.user = null;
        copy.jump = null;
        copy.proxyCommand = null;
        copy.sudo = null;
        return copy;
    }

    @Nullable
    String proxyCommand() {
        return proxyCommand;
    }

    @Nullable
    Path config() {
        return config;
    }

    /** {@return whether the files of the user and of the system are read, as by ssh without an option for it} */
    boolean hasUsualConfig() {
        return usualConfig().equals(config);
    }

    Duration connectWithin() {
        return connectWithin;
    }

    Duration keepAlive() {
        return keepAlive;
    }

    int misses() {
        return misses;
    }

    @Nullable
    String sudo() {
        return sudo;
    }

    @Nullable
    Supplier<char[]> sudoPassword() {
        return sudoPassword;
    }

    Map<String, String> environment() {
        return environment;
    }

    TransferListener transfers() {
        return transfers;
    }

    boolean checksums() {
        return checksums;
    }
}
