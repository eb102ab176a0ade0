package org.atex.testingfarm;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log of a request, read piece by piece while it grows. It appears late, in portions, without regard for lines; the server
 * may know ranges or not, and may replace the file. Here it comes as whole lines, without colours.
 *
 * <p>Thread safety: one thread at a time.
 */
public final class PipelineLog {
    private static final Logger LOG = LoggerFactory.getLogger(PipelineLog.class);
    private static final int MOST_BYTES = 4 << 20;
    private static final int LONGEST_LINE = 64 << 10;
    private static final int MOST_REDIRECTS = 3;
    private static final int KEPT = 20;

    private final TestingFarmApi api;
    private URI log;
    private long offset;
    private ByteArrayOutputStream partial = new ByteArrayOutputStream();
    private final Deque<String> last = new ArrayDeque<>();

    private PipelineLog(TestingFarmApi api, URI log) {
        this.api = api;
        this.log = log;
    }

    /**
     * {@return the log of a request, from its beginning}
     *
     * @param api what asks for it
     * @param log where it is: {@link FarmRequest#log()}
     */
    public static PipelineLog of(TestingFarmApi api, URI log) {
        return new PipelineLog(api, log);
    }

    /**
     * {@return the lines that were added since the last time; none if there are none, or no log yet}
     *
     * @throws InterruptedException if interrupted
     */
    public List<String> next() throws InterruptedException {
        try {
            return next(MOST_REDIRECTS);
        } catch (IOException e) {
            LOG.debug("could not read {}: {}", log, FarmHttp.reason(e));
            return List.of();
        }
    }

    private List<String> next(int redirects) throws IOException, InterruptedException {
        FarmHttp.Answer answer = api.range(log, offset, MOST_BYTES);
        return switch (answer.status()) {
            case 206 -> add(answer.body(), begin(answer));
            case 200 -> whole(answer);
            case 416 -> shrunk(answer);
            case 301, 302, 307, 308 -> {
                if (redirects == 0) {
                    throw new IOException("too many redirects");
                }
                follow(answer.header("Location"));
                yield next(redirects - 1);
            }
            default -> {
                // 404 and 403: the directory is there before the file is.
                LOG.debug("{} answers {}", log, answer.status());
                yield List.of();
            }
        };
    }

    private void follow(@Nullable String location) throws IOException {
        try {
            URI next = location == null ? null : log.resolve(location);
            if (next == null
                    || next.getHost() == null
                    || log.getScheme().equals("https") && !next.getScheme().equals("https")) {
                throw new IOException("a redirect that is not followed");
            }
            log = next;
        } catch (IllegalArgumentException e) {
            throw new IOException("a redirect to what is no address", e);
        }
    }

    /** {@return where a piece begins, by what the server says} */
    private long begin(FarmHttp.Answer answer) {
        String range = answer.header("Content-Range");
        return range != null && range.matches("bytes \\d{1,15}-.*")
                ? Long.parseLong(range.substring(6, range.indexOf('-')))
                : offset;
    }

    /** A server that does not know ranges sends everything each time. */
    private List<String> whole(FarmHttp.Answer answer) throws IOException, InterruptedException {
        byte[] body = unpacked(answer.body());
        if (body.length < offset) {
            restart(); // another file has taken its place
        }
        return add(body, 0);
    }

    /** An archive may keep the file packed. */
    static byte[] unpacked(byte[] body) throws IOException {
        boolean packed = body.length > 2 && body[0] == 0x1f && body[1] == (byte) 0x8b;
        if (!packed) {
            return body;
        }
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(body))) {
            return in.readNBytes(MOST_BYTES);
        }
    }

    private List<String> shrunk(FarmHttp.Answer answer) {
        String range = answer.header("Content-Range");
        if (range != null && range.matches("bytes \\*/\\d{1,15}") && Long.parseLong(range.substring(8)) < offset) {
            restart();
        }
        return List.of();
    }

    private void restart() {
        offset = 0;
        partial = new ByteArrayOutputStream();
    }

    private List<String> add(byte[] body, long begin) {
        if (begin > offset || begin + body.length <= offset) {
            return List.of();
        }
        byte[] fresh = Arrays.copyOfRange(body, (int) (offset - begin), body.length);
        offset += fresh.length;
        List<String> lines = new ArrayList<>();
        for (byte each : fresh) {
            if (each == '\n' || partial.size() >= LONGEST_LINE) {
                lines.add(endLine());
            }
            if (each != '\n') {
                partial.write(each);
            }
        }
        return lines;
    }

    /** Decoded when it is whole: a piece may end in the middle of a character or a colour. */
    private String endLine() {
        String line = Redaction.plain(partial.toString(StandardCharsets.UTF_8));
        partial.reset();
        if (!line.isEmpty()) {
            last.add(line);
            if (last.size() > KEPT) {
                last.remove();
            }
        }
        return line;
    }

    /** {@return the last lines that were read, twenty at the most, the one that is not ended yet included} */
    public List<String> tail() {
        List<String> tail = new ArrayList<>(last);
        String open = Redaction.plain(partial.toString(StandardCharsets.UTF_8));
        if (!open.isEmpty()) {
            tail.add(open);
        }
        return tail;
    }
}
