package org.atex.ssh;

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
import net.schmizz.sshj.userauth.method.AuthKeyboardInteractive;
import net.schmizz.sshj.userauth.method.AuthMethod;
import net.schmizz.sshj.userauth.method.AuthNone;
import net.schmizz.sshj.userauth.method.AuthPassword;
import net.schmizz.sshj.userauth.method.PasswordResponseProvider;
import net.schmizz.sshj.userauth.password.PasswordFinder;
import net.schmizz.sshj.userauth.password.Resource;
import org.jspecify.annotations.Nullable;

/** Logs in to a host with the keys, the agent and the password of its route. */
final class Login {
    private final Route route;
    private final SSHClient client;
    private final boolean maySendSecrets;
    private final List<Attempt> attempts = new ArrayList<>();
    /** The reasons for which keys or a password are not tried, for the message. */
    private final List<String> absent = new ArrayList<>();

    private record Attempt(String name, AuthMethod method) {}

    private Login(Route route, SSHClient client, boolean maySendSecrets) {
        this.route = route;
        this.client = client;
        this.maySendSecrets = maySendSecrets;
    }

    /**
     * Logs in.
     *
     * @param maySendSecrets whether the host key was verified, so that a password may be sent
     * @throws SshRefusedException if the host refuses the login, or a key cannot be used
     * @throws TransportException if the connection breaks
     */
    static void in(Route route, SSHClient client, boolean maySendSecrets) throws TransportException {
        Login login = new Login(route, client, maySendSecrets);
        login.collectAttempts();
        login.authenticate();
    }

    private void collectAttempts() {
        new KeyRing(route, client, absent).addTo((name, method) -> attempts.add(new Attempt(name, method)));
        Supplier<char[]> password = route.options().password();
        if (password != null && !maySendSecrets) {
            absent.add("no password, as the host key is not the known one");
        } else if (password != null) {
            attempts.add(new Attempt("password", new AuthPassword(new SingleAnswer(password))));
            attempts.add(new Attempt(
                    "keyboard-interactive",
                    new AuthKeyboardInteractive(new PasswordResponseProvider(new SingleAnswer(password)))));
        }
        if (attempts.isEmpty()) {
            attempts.add(new Attempt("nothing, as there is no key and no password", new AuthNone()));
        }
    }

    private void authenticate() throws TransportException {
        List<String> tried = new ArrayList<>();
        for (Attempt attempt : attempts) {
            // A password is not sent to a host that does not accept passwords.
            if (allowed().isEmpty() || allowed().contains(attempt.method().getName())) {
                String outcome = outcome(attempt.method());
                if (outcome == null) {
                    return;
                }
                tried.add(attempt.name() + outcome);
            }
        }
        tried.addAll(absent);
        throw new SshRefusedException(
                "the host " + route + " refused the login of " + route.user() + ": it takes "
                        + String.join(", ", allowed()) + "; tried "
                        + (tried.isEmpty() ? "none of these" : String.join(", ", tried))
                        + ". Check the user name, and that authorized_keys of the account lists one of these keys",
                null);
    }

    private Collection<String> allowed() {
        return client.getUserAuth().getAllowedMethods();
    }

    /** {@return null if the attempt was accepted, otherwise a text for the message, which may be empty} */
    private @Nullable String outcome(AuthMethod method) throws TransportException {
        method.setLoggerFactory(SilentLoggers.LOGGERS);
        try {
            boolean accepted =
                    client.getUserAuth().authenticate(route.user(), (Service) client.getConnection(), method, 0);
            return accepted ? null : "";
        } catch (UserAuthException e) {
            // A cause from the transport means that the connection ended: broken, or closed by the host on purpose.
            if (!(e.getCause() instanceof SSHException broken)) {
                return " (" + Dialer.reason(e) + ")";
            }
            if (broken.getDisconnectReason() == DisconnectReason.UNKNOWN) {
                throw new TransportException(
                        "the connection broke during the login of " + route.user() + ": " + Dialer.reason(broken));
            }
            throw new SshRefusedException(
                    "the host " + route + " refused the login of " + route.user() + " and disconnected: "
                            + Dialer.reason(broken) + ". It may allow fewer attempts: name the right key",
                    broken);
        }
    }

    /** Returns a secret when sshj asks, and tells sshj not to ask again after a refusal. */
    record SingleAnswer(Supplier<char[]> secret) implements PasswordFinder {
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
