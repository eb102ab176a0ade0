package org.atex.testingfarm;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.atex.http.HttpExchanges;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds a guest's address in the artifacts of a request if its log stays empty: {@code results.xml} names the work
 * directory of the reserve test, and {@code guests.yaml} in it has the address once the guest is provisioned. Not
 * thread-safe.
 */
final class GuestFileLookup {
    private static final Logger LOG = LoggerFactory.getLogger(GuestFileLookup.class);
    private static final int MAX_BYTES = 1 << 20;

    /** The number of calls that look for nothing, because the log is usually available earlier. */
    private static final int SKIPPED_CALLS = 6;

    private static final Pattern ENTRY = Pattern.compile("<log\\b[^>]*>");
    private static final Pattern HREF = Pattern.compile("\\bhref=\"([^\"]+)\"");
    private static final Pattern ADDRESS =
            Pattern.compile("(?m)^\\s*primary-address:\\s*[\"']?(" + GuestLogParser.HOST + ")[\"']?\\s*$");
    private static final Pattern USER =
            Pattern.compile("(?m)^\\s*user:\\s*[\"']?(" + GuestLogParser.USER + ")[\"']?\\s*$");

    private final TestingFarmApi api;
    private final URI artifacts;
    private int calls;

    /**
     * Creates a lookup; it sends no request yet.
     *
     * @param api the client that reads the files
     * @param log the address of the log
     */
    GuestFileLookup(TestingFarmApi api, URI log) {
        this.api = api;
        this.artifacts = log.resolve(".");
    }

    /** {@return a line as the log would have it, or null while the guest is unknown} */
    @Nullable
    String find() throws InterruptedException {
        if (++calls <= SKIPPED_CALLS) {
            return null;
        }
        try {
            String results = readText(artifacts.resolve("results.xml"));
            URI work = results == null ? null : workDirectory(results);
            String guests = work == null ? null : readText(work.resolve("testing-farm/reserve/provision/guests.yaml"));
            return guests == null ? null : line(guests);
        } catch (IOException e) {
            LOG.debug("could not find a guest below {}: {}", artifacts, HttpExchanges.reason(e));
            return null;
        }
    }

    private @Nullable String readText(URI file) throws IOException, InterruptedException {
        HttpExchanges.Response response = api.readRange(file, 0, MAX_BYTES);
        return response.status() == 200 || response.status() == 206
                ? new String(PipelineLog.decompress(response.body()), StandardCharsets.UTF_8)
                : null;
    }

    /**
     * {@return the work directory, if it is below the artifacts} Other addresses are ignored, since the file may come
     * from anyone.
     */
    private @Nullable URI workDirectory(String results) {
        Matcher entries = ENTRY.matcher(results);
        while (entries.find()) {
            Matcher href = HREF.matcher(entries.group());
            if (entries.group().contains("name=\"workdir\"") && href.find()) {
                try {
                    String text = href.group(1).replace("&amp;", "&");
                    URI work = artifacts.resolve(text.endsWith("/") ? text : text + "/");
                    return work.toString().startsWith(artifacts.toString()) ? work : null;
                } catch (IllegalArgumentException e) {
                    return null;
                }
            }
        }
        return null;
    }

    private static @Nullable String line(String guests) {
        Matcher address = ADDRESS.matcher(guests);
        if (!address.find()) {
            return null;
        }
        Matcher user = USER.matcher(guests);
        return GuestLogParser.reserved((user.find() ? user.group(1) : "root") + "@" + address.group(1));
    }
}
