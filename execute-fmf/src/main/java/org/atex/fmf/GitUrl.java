package org.atex.fmf;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What git fetches a repository by, with the secret apart: command lines are for all to see.
 *
 * @param address the URL, without what it says of user and password over http
 * @param user who logs in; null if the URL does not say
 * @param password the secret, perhaps empty
 */
record GitUrl(String address, @Nullable String user, String password) {
    private static final Pattern HTTP = Pattern.compile("(?i)(https?://)([^/@:]*)(?::([^/]*))?@(.*)", Pattern.DOTALL);
    private static final Pattern SECRET = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*://)[^/\\s]*@");

    static GitUrl of(String url) {
        Matcher http = HTTP.matcher(url);
        if (http.matches()) {
            String password = http.group(3);
            return new GitUrl(
                    http.group(1) + http.group(4), decoded(http.group(2)), password == null ? "" : decoded(password));
        }
        // git would take it relative to wherever it runs.
        if (!url.contains("://") && Files.isDirectory(Path.of(url))) {
            return new GitUrl(Path.of(url).toAbsolutePath().normalize().toString(), null, "");
        }
        return new GitUrl(url, null, "");
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    /** {@return text without what URLs in it say of users and passwords} */
    static String redact(String text) {
        return SECRET.matcher(text).replaceAll("$1");
    }

    boolean overSsh() {
        return address.startsWith("ssh://") || address.startsWith("git+ssh://") || !address.contains("://");
    }

    /** {@return the address, fit for messages} */
    @Override
    public String toString() {
        return redact(address);
    }
}
