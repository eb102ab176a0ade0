package org.atex.ssh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import net.schmizz.sshj.SSHClient;
import net.schmizz.sshj.Service;
import net.schmizz.sshj.common.DisconnectReason;
import net.schmizz.sshj.common.SSHException;
import net.schmizz.sshj.transport.TransportException;
import net.schmizz.sshj.userauth.UserAuthException;
import net.schmizz.sshj.userauth.keyprovider.KeyProvider;
import net.schmizz.sshj.userauth.method.AuthKeyboardInteractive;
import net.schmizz.sshj.userauth.method.AuthMethod;
import net.schmizz.sshj.userauth.method.AuthNone;
import net.schmizz.sshj.userauth.method.AuthPassword;
import net.schmizz.sshj.userauth.method.AuthPublickey;
import net.schmizz.sshj.userauth.method.PasswordResponseProvider;
import net.schmizz.sshj.userauth.password.PasswordFinder;
import net.schmizz.sshj.userauth.password.Resource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs in to a host with whatever its route offers: keys, an agent, a password. */
final class Login {
    private static final Logger LOG = LoggerFactory.getLogger(Login.class);

    private final Route route;
    private final SSHClient client;
    private final List<Attempt> attempts = new ArrayList<>();
    private final List<String> absent = new ArrayList<>();

    private record Attempt(String what, AuthMethod method) {}

    private Login(Route route, SSHClient client) {
        this.route = route;
        this.client = client;
    }

    /**
     * Logs in.
     *
     * @throws SshRefusedException if the host does not let us in, or a key cannot be used
     * @throws TransportException if the link breaks
     */
    static void in(Route route, SSHClient client) throws TransportException {
        Login login = new Login(route, client);
        login.gather();
        login.authenticate();
    }

    private void gather() {
        route.keys().forEach(this::addKey);
        addAgent();
        Supplier<char[]> password = route.options().password();
        if (password != null) {
            attempts.add(new Attempt("password", new AuthPassword(new Once(password))));
            attempts.add(new Attempt(
                    "keyboard-interactive",
                    new AuthKeyboardInteractive(new PasswordResponseProvider(new Once(password)))));
        }
        if (attempts.isEmpty()) {
            attempts.add(new Attempt("nothing, as there is no key and no password", new AuthNone()));
        }
    }

    private void addKey(SshOptions.Key key) {
        Supplier<char[]> passphrase = key.passphrase();
        try {
            if (!Files.isReadable(key.file())) {
                throw new NoSuchFileException(key.file().toString(), null, "not there, or not readable");
            }
            KeyProvider provider = passphrase == null
                    ? client.loadKeys(key.file().toString())
                    : client.loadKeys(key.file().toString(), new Once(passphrase));
            provider.getPublic(); // a file that is no key, or a passphrase that is wrong, is to be found here
            provider.getPrivate();
            attempts.add(new Attempt("the key " + key.file(), new AuthPublickey(provider)));
        } catch (IOException | RuntimeException e) { // sshj throws either at a file that is damaged
            if (!route.options().keys().isEmpty()) {
                throw new SshRefusedException(
                        "cannot use the private key " + key.file() + " for " + route + ": " + e.getMessage()
                                + (passphrase == null
                                        ? " (is it encrypted? then give its passphrase)"
                                        : " (is this its passphrase?)"),
                        e);
            }
            LOG.debug("left out {}: {}", key.file(), e.getMessage());
        }
    }

    private void addAgent() {
        Path socket = route.options().agent();
        if (socket == null) {
            return;
        }
        AgentClient agent = new AgentClient(socket);
        try {
            List<byte[]> keys = agent.keys();
            if (keys.isEmpty()) {
                absent.add("no key of the agent, as it has none");
            }
            for (int i = 1; i <= keys.size(); i++) {
                attempts.add(new Attempt(
                        "key " + i + " of " + keys.size() + " of the agent", new AgentKey(agent, keys.get(i - 1))));
            }
        } catch (IOException e) {
            LOG.debug("left out the agent at {}: {}", socket, e.getMessage());
            absent.add("no agent (" + e.getMessage() + ")");
        }
    }

    private void authenticate() throws TransportException {
        List<String> tried = new ArrayList<>();
        for (Attempt attempt : attempts) {
            // A secret is not shown to a host that has no use for it.
            if (allowed().isEmpty() || allowed().contains(attempt.method().getName())) {
                String outcome = outcome(attempt.method());
                if (outcome == null) {
                    return;
                }
                tried.add(attempt.what() + outcome);
            }
        }
        tried.addAll(absent);
        throw new SshRefusedException(
                route + " does not let " + route.user() + " in: it takes " + String.join(", ", allowed()) + "; tried "
                        + (tried.isEmpty() ? "none of these" : String.join(", ", tried))
                        + ". Check the user, and that its authorized_keys there has one of these keys",
                null);
    }

    private Collection<String> allowed() {
        return client.getUserAuth().getAllowedMethods();
    }

    /** {@return null if it was accepted, else what there is to say of it} */
    private @Nullable String outcome(AuthMethod method) throws TransportException {
        method.setLoggerFactory(Quiet.LOGGERS);
        try {
            boolean accepted =
                    client.getUserAuth().authenticate(route.user(), (Service) client.getConnection(), method, 0);
            return accepted ? null : "";
        } catch (UserAuthException e) {
            if (!(e.getCause() instanceof SSHException broken)) {
                return " (" + Dialer.reason(e) + ")";
            }
            if (broken.getDisconnectReason() == DisconnectReason.UNKNOWN) {
                throw new TransportException(
                        "the link broke while " + route.user() + " was logging in: " + Dialer.reason(broken));
            }
            throw new SshRefusedException(
                    route + " does not let " + route.user() + " in, and hung up: " + Dialer.reason(broken)
                            + ". It may want fewer keys to be tried: name the right one",
                    broken);
        }
    }

    /** Gives a secret when asked, and does not offer it twice. */
    private record Once(Supplier<char[]> secret) implements PasswordFinder {
        @Override
        public char[] reqPassword(Resource<?> resource) {
            return secret.get().clone();
        }

        @Override
        public boolean shouldRetry(Resource<?> resource) {
            return false;
        }
    }
}
