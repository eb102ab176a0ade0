package org.atex.ssh;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.atex.support.Arguments;
import org.jspecify.annotations.Nullable;

/**
 * Options for connections over ssh. Immutable and thread-safe: each {@code with…} method returns a changed copy.
 *
 * <p>A value that is not set here is taken from {@code ~/.ssh/config} for the name of the host, then from the defaults
 * of OpenSSH. Suppliers of secrets are called each time a connection is made, and not before. Secrets are not kept, and
 * appear in no log, message or command line.
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
    private @Nullable Carrier carrier;
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
     * @param passphrase the passphrase, or null if the key is not encrypted
     */
    record Key(Path file, @Nullable Supplier<char[]> passphrase) {}

    /**
     * {@return the default options} They use the configuration, keys, agent and known hosts of the user, and limit
     * connecting to 30 s. A silent system is sent a keep-alive request every 15 s and is lost after 60 s without an
     * answer.
     */
    public static SshOptions defaults() {
        return DEFAULTS;
    }

    /**
     * {@return a copy with a login name} A user in the destination takes precedence.
     *
     * @param name the login name
     */
    public SshOptions withUser(String name) {
        SshOptions copy = copy();
        copy.user = name;
        return copy;
    }

    /**
     * {@return a copy with this host key policy} The default is {@link HostKeys#knownHosts()}.
     *
     * @param value the policy
     */
    public SshOptions withHostKeys(HostKeys value) {
        SshOptions copy = copy();
        copy.hostKeys = value;
        return copy;
    }

    /**
     * {@return a copy with an additional private key} If any key is set here, neither the default files in
     * {@code ~/.ssh} nor those of the configuration are tried.
     *
     * @param file the private key, or the public key of a private key in the agent
     */
    public SshOptions withKey(Path file) {
        return withKey(new Key(file, null));
    }

    /**
     * {@return a copy with an additional encrypted private key}
     *
     * @param file the private key
     * @param passphrase returns the passphrase
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
     * {@return a copy that uses this agent in place of that of {@code SSH_AUTH_SOCK}}
     *
     * @param socket the socket of the agent
     */
    public SshOptions withAgent(Path socket) {
        SshOptions copy = copy();
        copy.agent = socket;
        copy.noAgent = false;
        return copy;
    }

    /** {@return a copy that uses no agent} */
    public SshOptions withoutAgent() {
        SshOptions copy = copy();
        copy.agent = null;
        copy.noAgent = true;
        return copy;
    }

    /**
     * {@return a copy with a password} It is used for the methods {@code password} and {@code keyboard-interactive}.
     *
     * @param supplier returns the password
     */
    public SshOptions withPassword(Supplier<char[]> supplier) {
        SshOptions copy = copy();
        copy.password = supplier;
        return copy;
    }

    /**
     * {@return a copy that connects through jump hosts} The host key policy and the keys of these options apply to each
     * of them.
     *
     * @param hosts {@code [user@]host[:port]}; several are separated by commas, in the order in which they are
     *     connected to
     */
    public SshOptions withJumpHosts(String hosts) {
        SshOptions copy = copy();
        copy.jump = hosts;
        return copy;
    }

    /**
     * {@return a copy that connects through jump hosts with options of their own}
     *
     * @param hosts {@code [user@]host[:port]}; several are separated by commas, in the order in which they are
     *     connected to
     * @param options the options for the jump hosts
     */
    public SshOptions withJumpHosts(String hosts, SshOptions options) {
        SshOptions copy = withJumpHosts(hosts);
        copy.jumpOptions = options;
        return copy;
    }

    /**
     * {@return a copy that connects through the input and output of a local program}
     *
     * @param command a command line for {@code sh}, in which {@code %h}, {@code %p}, {@code %r} and {@code %n} stand
     *     for the address, the port, the user, and the name of the host given by the user
     */
    public SshOptions withProxyCommand(String command) {
        SshOptions copy = copy();
        copy.proxyCommand = command;
        return copy;
    }

    /**
     * {@return a copy that connects through a carrier instead of TCP} Jump hosts and proxy commands are then not used,
     * and {@link SshConnection#loginCommand} is empty.
     *
     * @param value the carrier
     */
    public SshOptions withCarrier(Carrier value) {
        SshOptions copy = copy();
        copy.carrier = value;
        return copy;
    }

    /**
     * {@return a copy that reads this configuration file in place of {@code ~/.ssh/config} and
     * {@code /etc/ssh/ssh_config}}
     *
     * <p>If OpenSSH's client is on the path, {@code ssh -G} evaluates the file, and all of {@code ssh_config(5)} is
     * supported. Otherwise these are supported: Host, Include, Match by host, user, originalhost, localuser and all,
     * HostName, Port, User, IdentityFile, CertificateFile, IdentitiesOnly, IdentityAgent, ProxyJump, ProxyCommand,
     * HostKeyAlias, UserKnownHostsFile, GlobalKnownHostsFile, StrictHostKeyChecking and
     * NoHostAuthenticationForLocalhost. Any other option is refused if it decides which host is reached or trusted, and
     * ignored if not.
     *
     * @param file a file in the format of {@code ssh_config(5)}
     */
    public SshOptions withConfig(Path file) {
        SshOptions copy = copy();
        copy.config = file;
        return copy;
    }

    /** {@return a copy that reads no configuration file} */
    public SshOptions withoutConfig() {
        SshOptions copy = copy();
        copy.config = null;
        return copy;
    }

    /**
     * {@return a copy with a time limit for connecting} It covers all attempts, from the first one to the end of the
     * login. Default: 30 s.
     *
     * @param time the time limit
     */
    public SshOptions withConnectWithin(Duration time) {
        SshOptions copy = copy();
        copy.connectWithin = Arguments.positive(time, "connectWithin");
        return copy;
    }

    /**
     * {@return a copy with this keep-alive} Default: 15 s and 4 misses.
     *
     * @param interval the time without data after which a keep-alive request is sent
     * @param allowedMisses the number of intervals without an answer after which the connection is lost
     */
    public SshOptions withKeepAlive(Duration interval, int allowedMisses) {
        if (allowedMisses < 1) {
            throw new IllegalArgumentException("allowedMisses must be at least 1, not " + allowedMisses);
        }
        SshOptions copy = copy();
        copy.keepAlive = Arguments.positive(interval, "interval");
        copy.misses = allowedMisses;
        return copy;
    }

    /**
     * {@return a copy that runs all commands and copies as another user, by {@code sudo} without a password}
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
     * {@return a copy that runs all commands and copies as another user, by {@code sudo} with a password}
     *
     * @param name the user, such as {@code root}
     * @param supplier returns the password of the login user
     */
    public SshOptions withSudo(String name, Supplier<char[]> supplier) {
        SshOptions copy = withSudo(name);
        copy.sudoPassword = supplier;
        return copy;
    }

    /**
     * {@return a copy with additional variables for every command} The variables of a command take precedence.
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
     * {@return a copy with a listener for the progress of transfers}
     *
     * @param listener the listener
     */
    public SshOptions withTransferListener(TransferListener listener) {
        SshOptions copy = copy();
        copy.transfers = listener;
        return copy;
    }

    /**
     * {@return a copy that compares the SHA-256 checksums of all files after each transfer} By default only sizes are
     * compared. The system needs {@code xargs} and {@code sha256sum}, and {@code find} for downloads. A file that
     * changes during the transfer has another checksum, which fails the transfer.
     */
    public SshOptions withChecksums() {
        SshOptions copy = copy();
        copy.checksums = true;
        return copy;
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
        copy.carrier = carrier;
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

    /** {@return the socket of the agent set by {@link #withAgent}, or null} */
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
        return jumpOptions != null ? jumpOptions : forJumpHosts();
    }

    /** {@return a copy for jump hosts, without the user, jump hosts, proxy command and sudo of the destination} */
    private SshOptions forJumpHosts() {
        SshOptions copy = copy();
        copy.user = null;
        copy.jump = null;
        copy.proxyCommand = null;
        copy.carrier = null;
        copy.sudo = null;
        return copy;
    }

    @Nullable
    String proxyCommand() {
        return proxyCommand;
    }

    @Nullable
    Carrier carrier() {
        return carrier;
    }

    @Nullable
    Path config() {
        return config;
    }

    /** {@return whether the default files of the user and of the system are read} */
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
