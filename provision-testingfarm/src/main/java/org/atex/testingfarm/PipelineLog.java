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
import org.atex.http.HttpExchanges;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A reader of the log of a request while it grows. The log appears late and in pieces that may end within a line or a
 * character. The server may ignore range requests, compress the file or replace it by a shorter one. The reader returns
 * whole lines without colour codes.
 *
 * <p>Thread safety: not thread-safe.
 */
public final class PipelineLog {
    private static final Logger LOG = LoggerFactory.getLogger(PipelineLog.class);
    private static final int MAX_BYTES = 4 << 20;
    private static final int MAX_LINE_BYTES = 64 << 10;
    private static final int MAX_REDIRECTS = 3;
    private static final int TAIL_LINES = 20;

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
     * {@return a reader that starts at the beginning of a log}
     *
     * @param api the client that reads it
     * @param log the address of the log: {@link FarmRequest#log()}
     */
    public static PipelineLog of(TestingFarmApi api, URI log) {
        return new PipelineLog(api, log);
    }

    /**
     * {@return the lines that were added since the last call; empty if there are none, or if the log cannot be read
     * yet}
     *
     * @throws InterruptedException if interrupted
     */
    public List<String> next() throws InterruptedException {
        try {
            return next(MAX_REDIRECTS);
        } catch (IOException e) {
            LOG.debug("could not read {}: {}", log, HttpExchanges.reason(e));
            return List.of();
        }
    }

    // HttpExchanges follows no redirects. A log is requested without the token, so a redirect cannot leak it.
    private List<String> next(int redirects) throws IOException, InterruptedException {
        HttpExchanges.Response response = api.readRange(log, offset, MAX_BYTES);
        return switch (response.status()) {
            case 206 -> add(response.body(), beginOf(response));
            case 200 -> addWholeFile(response);
            case 416 -> handleUnsatisfiableRange(response);
            case 301, 302, 307, 308 -> {
                if (redirects == 0) {
                    throw new IOException("too many redirects");
                }
                follow(response.header("Location"));
                yield next(redirects - 1);
            }
            default -> {
                // 404 and 403 are usual: the service announces the directory before the log is in it.
                LOG.debug("{} answers {}", log, response.status());
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
                throw new IOException("a redirect without a host, or from https to http");
            }
            log = next;
        } catch (IllegalArgumentException e) {
            throw new IOException("a redirect to an invalid address", e);
        }
    }

    /** {@return the offset at which the received bytes begin, according to the server} */
    private long beginOf(HttpExchanges.Response response) {
        String range = response.header("Content-Range");
        return range != null && range.matches("bytes \\d{1,15}-.*")
                ? Long.parseLong(range.substring(6, range.indexOf('-')))
                : offset;
    }

    /** Handles a response from a server that ignores ranges and sends the whole file each time. */
    private List<String> addWholeFile(HttpExchanges.Response response) throws IOException, InterruptedException {
        byte[] body = decompress(response.body());
        if (body.length < offset) {
            restart(); // the file was replaced by a shorter one
        }
        return add(body, 0);
    }

    /** Decompresses a body if it is gzip: an archived log may be stored that way. */
    static byte[] decompress(byte[] body) throws IOException {
        boolean compressed = body.length > 2 && body[0] == 0x1f && body[1] == (byte) 0x8b;
        if (!compressed) {
            return body;
        }
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(body))) {
            return in.readNBytes(MAX_BYTES);
        }
    }

    private List<String> handleUnsatisfiableRange(HttpExchanges.Response response) {
        String range = response.header("Content-Range");
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
        // Nothing new, or a gap: the piece is ignored, and the next call asks for the same offset again.
        if (begin > offset || begin + body.length <= offset) {
            return List.of();
        }
        byte[] added = Arrays.copyOfRange(body, (int) (offset - begin), body.length);
        offset += added.length;
        List<String> lines = new ArrayList<>();
        for (byte each : added) {
            // A line without an end must not fill the memory.
            if (each == '\n' || partial.size() >= MAX_LINE_BYTES) {
                lines.add(endLine());
            }
            if (each != '\n') {
                partial.write(each);
            }
        }
        return lines;
    }

    /** Ends a line. It is decoded only when complete, since a piece may end within a character or a colour code. */
    private String endLine() {
        String line = Redaction.singleLine(partial.toString(StandardCharsets.UTF_8));
        partial.reset();
        if (!line.isEmpty()) {
            last.add(line);
            if (last.size() > TAIL_LINES) {
                last.remove();
            }
        }
        return line;
    }

    /** {@return the last lines that were read, at most 20, and the line that is not complete yet} */
    public List<String> tail() {
        List<String> tail = new ArrayList<>(last);
        String open = Redaction.singleLine(partial.toString(StandardCharsets.UTF_8));
        if (!open.isEmpty()) {
            tail.add(open);
        }
        return tail;
    }
}
