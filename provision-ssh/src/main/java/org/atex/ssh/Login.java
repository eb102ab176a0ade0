package org.atex.ssh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import net.schmizz.sshj.SSHClient;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs in to a host with whatever its route offers: keys, an agent, a password. */
final class Login {
    private static final Logger LOG = LoggerFactory.getLogger(Login.class);

    private final Route route;
    private final SSHClient client;
    private final List<AuthMethod> methods = new ArrayList<>();
    private final List<String> tried = new ArrayList<>();

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
            methods.add(new AuthPassword(new Once(password)));
            tried.add("password");
            methods.add(new AuthKeyboardInteractive(new PasswordResponseProvider(new Once(password))));
            tried.add("keyboard-interactive");
        }
        if (methods.isEmpty()) {
            methods.add(new AuthNone());
            tried.add("nothing, as there is no key, no agent and no password");
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
            methods.add(new AuthPublickey(provider));
            tried.add("the key " + key.file());
        } catch (IOException e) {
            if (!route.options().keys().isEmpty()) {
                throw new SshRefusedException(
                        "cannot use the private key " + key.file() + " for " + route + ": " + e.getMessage()
                                + (passphrase == null ? " (is it encrypted? then give its passphrase)" : ""),
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
            keys.forEach(key -> methods.add(new AgentKey(agent, key)));
            tried.add(keys.size() + " keys of the agent");
        } catch (IOException e) {
            LOG.debug("left out the agent at {}: {}", socket, e.getMessage());
            tried.add("no agent (" + e.getMessage() + ")");
        }
    }

    private void authenticate() throws TransportException {
        try {
            client.auth(route.user(), methods);
        } catch (UserAuthException e) {
            if (!client.isConnected()) {
                throw new TransportException(
                        "the host hung up while " + route.user() + " was logging in: " + e.getMessage());
            }
            throw new SshRefusedException(
                    route + " does not let " + route.user() + " in: it takes "
                            + String.join(", ", client.getUserAuth().getAllowedMethods()) + "; tried "
                            + String.join(", ", tried)
                            + ". Check the user, and that its authorized_keys there has one of these keys",
                    e);
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
