package org.atex.fmf.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ControlStreamTest {
    /** {@return a stream that returns one byte per read, like a slow connection} */
    private static InputStream trickle(byte[] bytes) {
        return new ByteArrayInputStream(bytes) {
            @Override
            public synchronized int read(byte[] buffer, int offset, int length) {
                return super.read(buffer, offset, Math.min(1, length));
            }
        };
    }

    private static List<String> read(String text) throws IOException {
        return words(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static List<String> words(InputStream in) throws IOException {
        ControlStream stream = new ControlStream(in);
        List<String> words = new ArrayList<>();
        for (ControlWord word; (word = stream.next()) != null; ) {
            words.add(
                    switch (word) {
                        case ControlWord.Result(int length) ->
                            "result " + new String(stream.readBytes(length), StandardCharsets.UTF_8);
                        case ControlWord.ExitCode(int code) -> "exitcode " + code;
                        case ControlWord.Duration(String argument) -> "duration " + argument;
                        case ControlWord.Barrier(String name, int count, String reply) ->
                            "barrier " + name + " " + count + " " + reply;
                        case ControlWord.Send(String name, Map<String, String> values) ->
                            "send " + name + " " + new TreeMap<>(values);
                        case ControlWord.Wait(String name, String reply) -> "wait " + name + " " + reply;
                        case ControlWord.Checkpoint(String name, String reply) -> "checkpoint " + name + " " + reply;
                        case ControlWord.SetState(String state) -> "set " + state;
                        case ControlWord.Block(boolean any, String reply, List<String> states, List<String> systems) ->
                            "block " + any + " " + reply + " " + states + " " + systems;
                        case ControlWord.Disconnect() -> "disconnect";
                    });
        }
        assertThat(stream.next()).as("after the end").isNull();
        return words;
    }

    @Test
    void readsEveryWord() throws IOException {
        assertThat(read("noop\nduration +60\nresult 2\n{}result 16\n{\"name\":\"käse\"}exitcode 3\n"))
                .containsExactly("duration +60", "result {}", "result {\"name\":\"käse\"}", "exitcode 3");
    }

    @Test
    void readsWordsForOtherSystems() throws IOException {
        assertThat(read("checkpoint half 7\n")).containsExactly("checkpoint half 7");
        assertThat(read("set UP\nblock any 7 UP,DONE web 10.0.0.2 fd00::1\n"))
                .containsExactly("set UP", "block true 7 [UP, DONE] [web, 10.0.0.2, fd00::1]");
        assertThat(read("barrier ready 3 r1.2\nsend port number=80 x=a=b y=\nsend done\nwait port 7\n"))
                .containsExactly(
                        "barrier ready 3 r1.2", "send port {number=80, x=a=b, y=}", "send done {}", "wait port 7");
    }

    @Test
    void readsTheSameByteByByte() throws IOException {
        byte[] bytes = "duration 5m\nresult 5\n{   }noop\nexitcode 255\n".getBytes(StandardCharsets.UTF_8);
        assertThat(words(trickle(bytes))).containsExactly("duration 5m", "result {   }", "exitcode 255");
    }

    @Test
    void endsAfterTheLastWordWithoutTheEndOfTheStream() throws IOException {
        assertThat(read("exitcode 0\nwhat a daemon writes later")).containsExactly("exitcode 0");
        assertThat(read("disconnect\nnoop\nnoop\nno")).containsExactly("disconnect");
    }

    @Test
    void endsWithTheStream() throws IOException {
        assertThat(read("noop\n")).isEmpty();
        assertThat(read("")).isEmpty();
    }

    static Stream<Arguments> malformed() {
        String number = "'result' takes a number from 0 to 16777216, but got ";
        String code = "'exitcode' takes a number from 0 to 255, but got ";
        String known =
                " (known are result, exitcode, duration, barrier, send, wait, checkpoint, set, block, disconnect and noop)";
        String ascii = "a control line holds bytes that are no printable ASCII: ";
        return Stream.of(
                arguments("\n", "an empty line on the control stream"),
                arguments("hello\n", "an unknown word on the control stream: 'hello'" + known),
                arguments(" noop\n", "an empty word on the control stream: ' noop'" + known),
                arguments("Result 2\n{}", "an unknown word on the control stream: 'Result'" + known),
                arguments("result\n", "'result' takes a number from 0 to 16777216, but got none"),
                arguments("result \n", "'result' takes a number from 0 to 16777216, but got none"),
                arguments("result -1\n", number + "'-1'"),
                arguments("result +1\n", number + "'+1'"),
                arguments("result 1x\n", number + "'1x'"),
                arguments("result  1\n", number + "' 1'"),
                arguments("result 99999999999\n", number + "'99999999999'"),
                arguments("exitcode\n", "'exitcode' takes a number from 0 to 255, but got none"),
                arguments("exitcode 256\n", code + "'256'"),
                arguments("exitcode -1\n", code + "'-1'"),
                arguments("exitcode 1 \n", code + "'1 '"),
                arguments("noop 1\n", "'noop' takes no argument, but got '1'"),
                arguments("disconnect now\n", "'disconnect' takes no argument, but got 'now'"),
                arguments("barrier ready 3\n", "'barrier' takes 3 arguments, but got 'ready 3'"),
                arguments("barrier ready -1 r\n", "'barrier' takes a number from 0 to 10000, but got '-1'"),
                arguments(
                        "barrier ready 1 ../r\n",
                        "'barrier' takes names of letters, digits, '.', '_' and '-'" + ", but got '../r'"),
                arguments("checkpoint x\n", "'checkpoint' takes 2 arguments, but got 'x'"),
                arguments("set\n", "'set' takes names of letters, digits, '.', '_' and '-', but got none"),
                arguments(
                        "block some 7 A web\n",
                        "'block' takes 'any' or 'all', a name, states and systems, but got 'some 7 A web'"),
                arguments(
                        "block all 7 A\n",
                        "'block' takes 'any' or 'all', a name, states and systems, but got 'all 7 A'"),
                arguments(
                        "block all 7 a/b web\n",
                        "'block' takes names of letters, digits, '.', '_' and '-', but got 'a/b'"),
                arguments("wait a/b r\n", "'wait' takes names of letters, digits, '.', '_' and '-', but got 'a/b'"),
                arguments("wait x .r\n", "'wait' takes names of letters, digits, '.', '_' and '-', but got '.r'"),
                arguments("send\n", "'send' takes names of letters, digits, '.', '_' and '-', but got none"),
                arguments("send x y\n", "'send' takes values NAME=VALUE, but got 'y'"),
                arguments("nöp\n", ascii + "'n\\xc3\\xb6p'"),
                arguments("noop\t\n", ascii + "'noop\\x09'"),
                arguments("noop\r\n", ascii + "'noop\\x0d'"),
                arguments("noop", "the control stream ends within a line: 'noop'"));
    }

    @ParameterizedTest
    @MethodSource("malformed")
    void rejectsMalformedInput(String text, String message) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(ProtocolException.class)
                .hasMessage(message);
    }

    @Test
    void quotesOnlyTheBeginningOfALongWord() {
        assertThatThrownBy(() -> read("x".repeat(100) + "\n"))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining(": '" + "x".repeat(60) + "…' (known");
    }

    @Test
    void rejectsALineOfMoreThan4096Bytes() throws IOException {
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
    void reportsTheNumberOfMissingBytes() {
        assertThatThrownBy(() -> read("result 10\n{}"))
                .isInstanceOf(EOFException.class)
                .hasMessageContaining("8 bytes missing");
    }

    @Test
    void garbageCausesOnlyDocumentedExceptions() {
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
