package org.atex.reportportal;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Locale;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * A project of a ReportPortal service, and the token that gives access to it. Immutable and thread-safe; each {@code with}
 * method returns a changed copy.
 */
public final class ReportPortalProject {
    private final URI endpoint;
    private final String name;
    private final String token;
    private final boolean insecureHttp;
    private final @Nullable SSLContext tls;

    private ReportPortalProject(
            URI endpoint, String name, String token, boolean insecureHttp, @Nullable SSLContext tls) {
        this.endpoint = endpoint;
        this.name = name;
        this.token = token;
        this.insecureHttp = insecureHttp;
        this.tls = tls;
    }

    /**
     * {@return a project}
     *
     * @param endpoint the address of the service, such as {@code https://reportportal.example.com}. It needs {@code
     *     https}, except for this machine, see {@link #withInsecureHttp()}.
     * @param name the name of the project, as in the addresses of its pages
     * @param token an API key of a user of the project. It appears in no message, no log and no file.
     * @throws IllegalArgumentException if the address is not one of a web service, the project has no name, or the token
     *     is blank or contains other characters than visible ones of ASCII
     */
    public static ReportPortalProject of(URI endpoint, String name, String token) {
        String scheme = endpoint.getScheme() == null ? "" : endpoint.getScheme().toLowerCase(Locale.ROOT);
        if (!scheme.equals("https") && !scheme.equals("http") || endpoint.getHost() == null) {
            throw new IllegalArgumentException("the endpoint must be an address such as"
                    + " https://reportportal.example.com, not " + withoutSecrets(endpoint));
        }
        if (endpoint.getRawUserInfo() != null || endpoint.getRawQuery() != null || endpoint.getRawFragment() != null) {
            throw new IllegalArgumentException("the endpoint must have no user, query or fragment: use "
                    + withoutSecrets(endpoint) + ", and pass the API key as the token");
        }
        if (name.isBlank()) {
            throw new IllegalArgumentException(
                    "the project needs a name, as in the addresses of its pages at " + endpoint + ", but it is blank");
        }
        // The message must not contain the token.
        if (token.isBlank() || !token.chars().allMatch(c -> c > ' ' && c <= '~')) {
            throw new IllegalArgumentException("the token for " + endpoint + " is blank or has characters other than"
                    + " visible ones of ASCII; pass an API key of a user of project " + name);
        }
        return new ReportPortalProject(withoutSecrets(endpoint), name, token, false, null);
    }

    /** {@return the address without user, query, fragment and a slash at the end} */
    private static URI withoutSecrets(URI endpoint) {
        if (endpoint.getHost() == null) {
            return URI.create(endpoint.getScheme() == null ? "a-relative-address" : endpoint.getScheme() + ":...");
        }
        String path = endpoint.getRawPath() == null ? "" : endpoint.getRawPath().replaceFirst("/+$", "");
        return URI.create(endpoint.getScheme() + "://" + endpoint.getHost()
                + (endpoint.getPort() < 0 ? "" : ":" + endpoint.getPort()) + path);
    }

    /**
     * {@return a copy that accepts an {@code http} endpoint on another machine: token and results are then sent without
     * encryption}
     */
    public ReportPortalProject withInsecureHttp() {
        return new ReportPortalProject(endpoint, name, token, true, tls);
    }

    /**
     * {@return a copy with other rules for TLS, such as an own certificate authority}
     *
     * @param context the rules; by default those of this Java, which verify the certificate and the name of the host
     */
    public ReportPortalProject withTls(SSLContext context) {
        return new ReportPortalProject(endpoint, name, token, insecureHttp, context);
    }

    /**
     * Rejects an endpoint to which the token would be sent without encryption.
     *
     * @throws IllegalArgumentException if it is one
     */
    void checkEncryption() {
        if ("http".equalsIgnoreCase(endpoint.getScheme()) && !insecureHttp && !isLoopback(endpoint.getHost())) {
            throw new IllegalArgumentException("the endpoint " + endpoint + " would get the token without encryption;"
                    + " use https, or allow it with ReportPortalProject.withInsecureHttp()");
        }
    }

    private static boolean isLoopback(String host) {
        try {
            // Only literal addresses: a name server must not decide that.
            boolean literal = host.startsWith("[") || host.matches("[0-9.]+");
            return host.equalsIgnoreCase("localhost")
                    || literal && InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    URI endpoint() {
        return endpoint;
    }

    String name() {
        return name;
    }

    String token() {
        return token;
    }

    @Nullable
    SSLContext tls() {
        return tls;
    }

    /** {@return the project and the endpoint, for messages; never the token} */
    @Override
    public String toString() {
        return "project " + name + " at " + endpoint;
    }
}
