package org.atex.fmf.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ControlStreamTest {
    /** Writes down what it is told. */
    private static final class Trail implements ControlHandler {
        private final List<String> events = new ArrayList<>();

        @Override
        public void result(int length, ControlStream stream) throws IOException {
            events.add("result " + new String(stream.readBytes(length), StandardCharsets.UTF_8));
        }

        @Override
        public void exitCode(int code) {
            events.add("exitcode " + code);
        }

        @Override
        public void duration(String argument) {
            events.add("duration " + argument);
        }

        @Override
        public void disconnect() {
            events.add("disconnect");
        }
    }

    /** Gives one byte at a time, as a slow link does. */
    private static InputStream trickle(byte[] bytes) {
        return new ByteArrayInputStream(bytes) {
            @Override
            public synchronized int read(byte[] buffer, int offset, int length) {
                return super.read(buffer, offset, Math.min(1, length));
            }
        };
    }

    private static List<String> read(String text) throws IOException {
        Trail trail = new Trail();
        new ControlStream(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8))).readAll(trail);
        return trail.events;
    }

    @Test
    void readsEveryWord() throws IOException {
        assertThat(read("noop\nduration +60\nresult 2\n{}result 16\n{\"name\":\"käse\"}exitcode 3\n"))
                .containsExactly("duration +60", "result {}", "result {\"name\":\"käse\"}", "exitcode 3");
    }

    @Test
    void readsTheSameByteByByte() throws IOException {
        Trail trail = new Trail();
        byte[] bytes = "duration 5m\nresult 5\n{   }noop\nexitcode 255\n".getBytes(StandardCharsets.UTF_8);
        new ControlStream(trickle(bytes)).readAll(trail);
        assertThat(trail.events).containsExactly("duration 5m", "result {   }", "exitcode 255");
    }

    @Test
    void fault05NeedsNoEndOfTheStreamAfterTheLastWord() throws IOException {
        assertThat(read("exitcode 0\nwhat a daemon writes later")).containsExactly("exitcode 0");
        assertThat(read("disconnect\nnoop\nnoop\nno")).containsExactly("disconnect");
    }

    @Test
    void endsQuietlyWhenTheStreamDoes() throws IOException {
        assertThat(read("noop\n")).isEmpty();
        assertThat(read("")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\n",
                "hello\n",
                "result\n",
                "result -1\n",
                "result +1\n",
                "result 1x\n",
                "result 99999999999\n",
                "exitcode\n",
                "exitcode 256\n",
                "exitcode -1\n",
                "exitcode 1 \n",
                " noop\n",
                "noop 1\n",
                "disconnect now\n",
                "nöp\n",
                "noop\t\n",
                "noop\r\n",
                "Result 2\n{}",
                "noop"
            })
    void refusesWhateverIsMalformed(String text) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(ProtocolException.class)
                .hasMessageMatching("(?s).{20,}");
    }

    @Test
    void refusesALineOfMoreThan4096Bytes() throws IOException {
        assertThat(read("duration " + "1".repeat(4096 - "duration \n".length()) + "\n"))
                .hasSize(1);
        assertThatThrownBy(() -> read("duration " + "1".repeat(4097 - "duration \n".length()) + "\n"))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("4096");
        assertThatThrownBy(() -> read("x".repeat(1_000_000)))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("4096");
    }

    @Test
    void saysHowManyBytesAreMissing() {
        assertThatThrownBy(() -> read("result 10\n{}"))
                .isInstanceOf(EOFException.class)
                .hasMessageContaining("8 bytes missing");
    }

    @Test
    void nothingButOurOwnErrorsComesOfGarbage() {
        Random random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextInt(200)];
            random.nextBytes(bytes);
            String text = random.nextBoolean()
                    ? new String(bytes, StandardCharsets.ISO_8859_1)
                    : "result " + random.nextInt(100) + "\n" + new String(bytes, StandardCharsets.ISO_8859_1);
            try {
                assertThat(read(text)).isNotNull();
            } catch (IOException e) {
                assertThat(e).isInstanceOfAny(ProtocolException.class, EOFException.class);
            }
        }
    }
}
