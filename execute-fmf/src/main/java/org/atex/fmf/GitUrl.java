package org.atex.fmf;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The URL of a git repository, with user and password separated, so that they do not appear on command lines, which
 * other users can read. Immutable.
 *
 * @param address the URL; without user and password for http
 * @param user the user for http; null if the URL has none
 * @param password the password, or an empty string
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
        // git would resolve a relative path against its own working directory.
        if (!url.contains("://") && Files.isDirectory(Path.of(url))) {
            return new GitUrl(Path.of(url).toAbsolutePath().normalize().toString(), null, "");
        }
        return new GitUrl(url, null, "");
    }

    private static String decoded(String text) {
        // URLDecoder would turn a plus into a space, as in forms.
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    /** {@return the text, in which URLs have no users and passwords} */
    static String redact(String text) {
        return SECRET.matcher(text).replaceAll("$1");
    }

    boolean overSsh() {
        // Short ssh addresses have no scheme. Neither have local paths, for which the ssh command is not used.
        return address.startsWith("ssh://") || address.startsWith("git+ssh://") || !address.contains("://");
    }

    /** {@return the address for messages, without a user} */
    @Override
    public String toString() {
        return redact(address);
    }
}
