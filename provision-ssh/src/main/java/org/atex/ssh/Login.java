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

/** Logs in to a host with whatever its route offers: keys, an agent, a password. */
final class Login {
    private final Route route;
    private final SSHClient client;
    private final boolean mayTellSecrets;
    private final List<Attempt> attempts = new ArrayList<>();
    private final List<String> absent = new ArrayList<>();

    private record Attempt(String what, AuthMethod method) {}

    private Login(Route route, SSHClient client, boolean mayTellSecrets) {
        this.route = route;
        this.client = client;
        this.mayTellSecrets = mayTellSecrets;
    }

    /**
     * Logs in.
     *
     * @param mayTellSecrets whether the host is the one that it should be, so that it may be told a password
     * @throws SshRefusedException if the host does not let us in, or a key cannot be used
     * @throws TransportException if the link breaks
     */
    static void in(Route route, SSHClient client, boolean mayTellSecrets) throws TransportException {
        Login login = new Login(route, client, mayTellSecrets);
        login.gather();
        login.authenticate();
    }

    private void gather() {
        new KeyRing(route, client, absent).addTo((what, method) -> attempts.add(new Attempt(what, method)));
        Supplier<char[]> password = route.options().password();
        if (password != null && !mayTellSecrets) {
            absent.add("no password, as its host key is not the one that is known");
        } else if (password != null) {
            attempts.add(new Attempt("password", new AuthPassword(new Once(password))));
            attempts.add(new Attempt(
                    "keyboard-interactive",
                    new AuthKeyboardInteractive(new PasswordResponseProvider(new Once(password)))));
        }
        if (attempts.isEmpty()) {
            attempts.add(new Attempt("nothing, as there is no key and no password", new AuthNone()));
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
        method.setLoggerFactory(SilentLoggers.LOGGERS);
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
    record Once(Supplier<char[]> secret) implements PasswordFinder {
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
