package org.atex.ssh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.atex.api.ProvisioningException;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sources of a list and of a file, and the syntax of hosts. */
@ExtendWith(LeakCheck.class)
@Timeout(180)
class HostsTest {
    @TempDir
    private Path directory;

    private static List<Host> all(HostSource source) throws InterruptedException {
        List<Host> hosts = new ArrayList<>();
        while (source.take(Duration.ZERO) instanceof HostSource.Next.Found(Host host)) {
            hosts.add(host);
        }
        return hosts;
    }

    private List<Host> read(String text) throws Exception {
        return all(Hosts.file(Files.writeString(directory.resolve("hosts"), text)));
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "a.example, -, a.example, 0",
                "root@a, root, a, 0",
                "a:2222, -, a, 2222",
                "me@10.0.0.1:22, me, 10.0.0.1, 22",
                "[::1], -, ::1, 0",
                "root@[2001:db8::1]:2222, root, 2001:db8::1, 2222",
                "DOMAIN\\me@a, DOMAIN\\me, a, 0",
                "ssh://a, -, a, 0",
                "ssh://root@[::1]:2222/, root, ::1, 2222",
            })
    void hostTextIsParsed(String text, String user, String address, int port) {
        assertThat(Host.of(text)).isEqualTo(new Host(address, port, user, 1, null, Map.of(), Map.of()));
        if (port != 0) {
            assertThat(Host.of(Host.of(text).toString())).isEqualTo(Host.of(text));
        }
    }

    @Test
    void argumentsMayFollowTheHost() throws Exception {
        Host host = Host.of("root@a.example:2222;cores=4;jump_host=me@gate:22;LANG=C=x;device=rpi 4;empty=");
        assertThat(host)
                .isEqualTo(Host.of("root@a.example:2222")
                        .withSlots(4)
                        .withJumpHost("me@gate:22")
                        .withEnvironment(Map.of("LANG", "C=x"))
                        .withArguments(Map.of("device", "rpi 4", "empty", "")));
        assertThat(host)
                .as("the same as in a file")
                .isEqualTo(
                        read("{\"host\": \"a.example\", \"port\": 2222, \"user\": \"root\", \"arguments\": {\"cores\": 4,"
                                        + " \"jump_host\": \"me@gate:22\", \"LANG\": \"C=x\", \"device\": \"rpi 4\", \"empty\": \"\"}}")
                                .getFirst());
        assertThat(Host.of("[::1];cores=2").address()).isEqualTo("::1");
        assertThat(Host.of("ssh://me@[2001:db8::1]:22/;slots=3").slots()).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '"', textBlock = """
            a;, argument 1 of 'a' has no '='
            a;cores=2;, argument 2 of 'a' has no '='
            a;SECRET, argument 1 of 'a' has no '='
            a;=x, argument 1 of 'a' has no name
            a;b=1;b=2, 'a' has the argument b twice
            a;cores=0, not a number of slots: '0'
            a;jump_host=x y, not a jump host
            b@a;user=c, is given twice
            ;cores=2, the address of a host is empty
            """)
    void wrongArgumentsAreRefused(String text, String why) {
        assertThatThrownBy(() -> Host.of(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("not a host: ")
                .hasMessageContaining(why)
                .message()
                .doesNotContain("SECRET");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "@a",
                "a:",
                "a:x",
                "a:0",
                "a:65536",
                "::1",
                "[::1",
                "[::1]x",
                "-oProxyCommand=x",
                "a b",
                "a/b",
                "a\nb",
                "-l@a",
                "a:99999999999"
            })
    void invalidTextIsRefusedWithTheExpectedForm(String text) {
        assertThatThrownBy(() -> Host.of(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + text + "'")
                .hasMessageContaining("expected [user@]host[:port]");
    }

    @ParameterizedTest
    @ValueSource(strings = {"root:secret@a", "ssh://root:secret@a:22", "root:secret@word@a"})
    void aPasswordIsRefusedAndNotRepeated(String text) {
        assertThatThrownBy(() -> Host.of(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("SshOptions.withPassword (at @a")
                .message()
                .doesNotContain("secret");
    }

    @Test
    void badJumpHostIsRefused() {
        assertThatThrownBy(() -> Host.of("a").withJumpHost("j1,-oProxyCommand=x"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not a jump host");
        assertThat(Host.of("a").withJumpHost("me@j1:22,j2").jumpHost()).isEqualTo("me@j1:22,j2");
    }

    @Test
    void listGivesEachHostOnceAndThenEnds() throws Exception {
        try (HostSource source = Hosts.of("root@a", "b:2222")) {
            assertThat(all(source)).extracting(Host::address).containsExactly("a", "b");
            assertThat(source.take(Duration.ofHours(1))).isInstanceOf(HostSource.Next.Ended.class);
        }
    }

    @Test
    void onlyAHealthyHostIsHandedOutAgain() throws Exception {
        try (HostSource source = Hosts.of("a", "b")) {
            List<Host> hosts = all(source);
            source.giveBack(hosts.get(0), true);
            source.giveBack(hosts.get(0), true);
            source.giveBack(hosts.get(1), false);
            assertThat(all(source)).containsExactly(hosts.get(0));
        }
    }

    @Test
    void takeAfterCloseIsRefused() {
        HostSource source = Hosts.of("a");
        source.close();
        source.close();
        source.giveBack(Host.of("a"), true);
        assertThatThrownBy(() -> source.take(Duration.ZERO)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void duplicateHostIsRefused() {
        assertThatThrownBy(() -> Hosts.of("a", "A:22"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("A:22 is listed twice");
        assertThatThrownBy(() -> Hosts.of()).isInstanceOf(IllegalArgumentException.class);
        Host behind = Host.of("10.0.0.1");
        assertThat(Hosts.of(List.of(behind.withJumpHost("j1"), behind.withJumpHost("j2"))))
                .isNotNull();
    }

    @Test
    void commonLabelsAreKnownInAdvance() {
        Host one = Host.of("a").withArguments(Map.of("arch", "arm64", "rack", "1"));
        Host two = Host.of("b").withArguments(Map.of("arch", "arm64", "rack", "2"));
        assertThat(Hosts.of(List.of(one, two)).labels()).isEqualTo(Map.of("arch", "arm64", "throwaway", "no"));
        assertThat(Hosts.of("a:2222").labels()).isEqualTo(Map.of("host", "a", "port", "2222", "throwaway", "no"));
    }

    @Test
    void jsonLinesAreHosts() throws Exception {
        assertThat(read("""
                        {"host": "a", "port": 2222, "arguments": {"cores": 4, "jump_host": "me@j:22", "arch": "x86_64"}}

                        {"host": "b", "user": "root", "slots": 2, "arguments": {"TOKEN": "s", "LEVEL": 3, "fips": true}}\r
                        {"host": "::1", "arguments": {"user": "me", "disks": [{"size": 1}], "none": null}, "future": {"x": 1}}
                        {"host": "c:23", "cores": "8", "jump_host": "j", "arguments": null}"""))
                .containsExactly(
                        new Host("a", 2222, null, 4, "me@j:22", Map.of(), Map.of("arch", "x86_64")),
                        new Host("b", 0, "root", 2, null, Map.of("TOKEN", "s", "LEVEL", "3"), Map.of("fips", "true")),
                        new Host("::1", 0, "me", 1, null, Map.of(), Map.of("disks", "[{\"size\":1}]")),
                        new Host("c", 23, null, 8, "j", Map.of(), Map.of()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nonsense | expected {\"host\"",
                "[] | not a JSON object",
                "{\"host\": \"b\" | not a JSON object",
                "{} | \"host\" is missing",
                "{\"host\": \"\"} | \"host\" is missing",
                "{\"host\": \"b\", \"port\": \"ssh\"} | not a port: 'ssh'; expected 1 to 65535",
                "{\"host\": \"b\", \"port\": 70000} | not a port: '70000'",
                "{\"host\": \"b\", \"arguments\": {\"cores\": 0}} | expected a whole number of at least 1",
                "{\"host\": \"b\", \"cores\": 2, \"arguments\": {\"cores\": 3}} | \"cores\" is given twice",
                "{\"host\": \"b\", \"host\": \"c\"} | uplicate",
                "{\"host\": \"b\"} {\"host\": \"c\"} | text after the JSON object",
                "{\"host\": \"-x\"} | must not begin with '-'",
                "{\"host\": \"a\"} | already in line 1",
            })
    void invalidLineIsRefusedWithItsNumber(String line, String why) {
        assertThatThrownBy(() -> read("{\"host\": \"a\"}\n\n" + line + "\n"))
                .isInstanceOf(ProvisioningException.class)
                .hasMessageContaining(directory.resolve("hosts") + ", line 3: ")
                .hasMessageContaining(why);
    }

    @Test
    void messageDoesNotQuoteTheLine() {
        assertThatThrownBy(() -> read("{\"host\": \"a\", \"arguments\": {\"TOKEN\": \"s3cret\" \"b\": 1}}"))
                .isInstanceOf(ProvisioningException.class)
                .hasMessageNotContaining("s3cret");
    }

    @Test
    void limitsOfLengthAndNumberHold() {
        assertThatThrownBy(() -> read("{\"host\": \"" + "a".repeat(70_000) + "\"}"))
                .isInstanceOf(ProvisioningException.class)
                .hasMessageContaining("longer than 65536 bytes");
        StringBuilder many = new StringBuilder();
        for (int i = 0; i <= 10_000; i++) {
            many.append("{\"host\": \"h").append(i).append("\"}\n");
        }
        assertThatThrownBy(() -> read(many.toString()))
                .isInstanceOf(ProvisioningException.class)
                .hasMessageContaining("more than 10000 hosts");
    }

    @Test
    void fileWithoutHostsIsRefused() {
        assertThatThrownBy(() -> read("\n"))
                .hasMessageContaining("no host in")
                .isInstanceOf(ProvisioningException.class);
        assertThatThrownBy(() -> Hosts.file(directory.resolve("nowhere")))
                .isInstanceOf(ProvisioningException.class)
                .hasMessageContaining("nowhere");
    }
}
