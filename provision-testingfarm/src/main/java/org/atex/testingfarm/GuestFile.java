package org.atex.testingfarm;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for a guest's address in the files of a run, for requests whose log stays empty: the results name the directory that
 * the reserve test works in, and a file there names the guest once it is provisioned. Not thread-safe.
 */
final class GuestFile {
    private static final Logger LOG = LoggerFactory.getLogger(GuestFile.class);
    private static final int MOST_BYTES = 1 << 20;

    /** The log usually is there sooner, so this many looks are left to it. */
    private static final int LOOKS = 6;

    private static final Pattern ENTRY = Pattern.compile("<log\\b[^>]*>");
    private static final Pattern HREF = Pattern.compile("\\bhref=\"([^\"]+)\"");
    private static final Pattern ADDRESS =
            Pattern.compile("(?m)^\\s*primary-address:\\s*[\"']?(" + GuestWatch.HOST + ")[\"']?\\s*$");
    private static final Pattern USER = Pattern.compile("(?m)^\\s*user:\\s*[\"']?(" + GuestWatch.USER + ")[\"']?\\s*$");

    private final TestingFarmApi api;
    private final URI artifacts;
    private int looks;

    /**
     * Looks for nothing yet.
     *
     * @param api what asks
     * @param log where the log should be
     */
    GuestFile(TestingFarmApi api, URI log) {
        this.api = api;
        this.artifacts = log.resolve(".");
    }

    /** {@return a line as the log would have it, or null if the guest is not known yet} */
    @Nullable
    String look() throws InterruptedException {
        if (++looks <= LOOKS) {
            return null;
        }
        try {
            String results = text(artifacts.resolve("results.xml"));
            URI work = results == null ? null : work(results);
            String guests = work == null ? null : text(work.resolve("testing-farm/reserve/provision/guests.yaml"));
            return guests == null ? null : line(guests);
        } catch (IOException e) {
            LOG.debug("could not look for a guest below {}: {}", artifacts, FarmHttp.reason(e));
            return null;
        }
    }

    private @Nullable String text(URI file) throws IOException, InterruptedException {
        FarmHttp.Answer answer = api.range(file, 0, MOST_BYTES);
        return answer.status() == 200 || answer.status() == 206
                ? new String(PipelineLog.unpacked(answer.body()), StandardCharsets.UTF_8)
                : null;
    }

    /** What is elsewhere than the results is not asked for: anybody might have written them. */
    private @Nullable URI work(String results) {
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
        return GuestWatch.reserved((user.find() ? user.group(1) : "root") + "@" + address.group(1));
    }
}
