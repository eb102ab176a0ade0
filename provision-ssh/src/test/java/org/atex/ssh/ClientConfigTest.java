package org.atex.ssh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.atex.api.Command;
import org.atex.lab.OpenSsh;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What {@code ~/.ssh/config} says of a host. */
@ExtendWith(LeakCheck.class)
class ClientConfigTest {
    @TempDir
    private Path directory;

    private Path config(String text) throws IOException {
        return Files.writeString(directory.resolve("config"), text);
    }

    private Route route(String destination, String text) throws IOException {
        return Route.to(
                Host.of(destination), SshOptions.defaults().withoutAgent().withConfig(config(text)));
    }

    @Test
    void whatAnAliasStandsFor() throws Exception {
        Path key = Files.writeString(directory.resolve("a key"), "");
        Route route = route("box", """
                # a comment
                Host other
                  HostName wrong

                Host box
                \tHostName 192.0.2.7
                  port=2222
                  User = "some one"
                  IdentityFile "%s"
                  IdentityFile /not/there
                  UserKnownHostsFile /known/one "/known/t wo"
                """.formatted(key));

        assertThat(route.host()).isEqualTo("192.0.2.7");
        assertThat(route.port()).isEqualTo(2222);
        assertThat(route.user()).isEqualTo("some one");
        assertThat(route.keys()).extracting(SshOptions.Key::file).containsExactly(key);
        assertThat(route.hostKeys()).isEqualTo(HostKeys.known(Path.of("/known/one"), Path.of("/known/t wo")));
        assertThat(route.jumps()).isEmpty();
        assertThat(route).hasToString("box");
    }

    @Test
    void withoutAnAliasTheDefaultsHold() throws Exception {
        Route route = route("192.0.2.1", "Host box\nPort 7\n");
        assertThat(route.host()).isEqualTo("192.0.2.1");
        assertThat(route.port()).isEqualTo(22);
        assertThat(route.user()).isEqualTo(System.getProperty("user.name"));
        assertThat(route.hostKeys()).isEqualTo(HostKeys.known());
    }

    @Test
    void theFirstValueCountsAndTheDestinationComesBeforeIt() throws Exception {
        String text = """
                Host box
                  User first
                  Port 1
                Host *
                  User second
                  Port 2
                  HostName %h.example.com
                """;
        assertThat(route("box", text).user()).isEqualTo("first");
        assertThat(route("box", text).host()).isEqualTo("box.example.com");
        assertThat(route("box", text).port()).isEqualTo(1);
        assertThat(route("else", text).user()).isEqualTo("second");
        assertThat(route("me@box:3", text).user()).isEqualTo("me");
        assertThat(route("me@box:3", text).port()).isEqualTo(3);
        assertThat(Route.to(
                                Host.of("box"),
                                SshOptions.defaults().withConfig(config(text)).withUser("option"))
                        .user())
                .isEqualTo("option");
    }

    @Test
    void wordsBeforeAnyHostAreForAll() throws Exception {
        assertThat(route("box", "User all\nHost box\nUser one\n").user()).isEqualTo("all");
    }

    @Test
    void patternsAndTheirNegation() throws Exception {
        String text = """
                Host web? !web9 *.lab "quoted" !secret.lab
                  User matched
                Host *
                  User any
                """;
        for (String name : new String[] {"web1", "WEB2", "a.lab", "b.c.lab", "quoted"}) {
            assertThat(route(name, text).user()).as(name).isEqualTo("matched");
        }
        for (String name : new String[] {"web", "web10", "web9", "secret.lab", "lab", "axlab"}) {
            assertThat(route(name, text).user()).as(name).isEqualTo("any");
        }
    }

    @Test
    void matchBlocksButThoseOfAllAreSkipped() throws Exception {
        String text = """
                Match host box exec "touch /tmp/never"
                  User matched
                Match all
                  Port 5
                """;
        assertThat(route("box", text).user()).isEqualTo(System.getProperty("user.name"));
        assertThat(route("box", text).port()).isEqualTo(5);
    }

    @Test
    void filesAreIncludedForTheHostsOfTheBlock() throws Exception {
        Files.createDirectory(directory.resolve("more"));
        Files.writeString(directory.resolve("more/1.conf"), "User one\nHost b\nPort 11\n");
        Files.writeString(directory.resolve("more/2.conf"), "User two\nPort 12\n");
        Files.writeString(directory.resolve("single"), "HostName 192.0.2.9\n");
        String text = """
                Include more/*.conf %s/nothing/*
                Host a
                  Include single
                Host *
                  Port 13
                """.formatted(directory);
        assertThat(route("a", text).user()).isEqualTo("one");
        assertThat(route("a", text).port()).isEqualTo(12);
        assertThat(route("b", text).port()).isEqualTo(11);
        assertThat(route("a", text).host()).isEqualTo("192.0.2.9");
        assertThat(route("b", text).host()).isEqualTo("b");
    }

    @Test
    void whatAFileIncludesEndsWithIt() throws Exception {
        Files.writeString(directory.resolve("inner"), "Host other\nPort 1\n");
        assertThat(route("box", "Host box\nInclude inner\nUser still\n").user()).isEqualTo("still");
    }

    @Test
    void jumpsHaveAliasesOfTheirOwn() throws Exception {
        Route route = route("box", """
                Host box
                  ProxyJump first,me@second:7
                  ProxyCommand never mind
                Host second
                  HostName 192.0.2.2
                Host first
                  HostName 192.0.2.1
                  ProxyJump zero
                Host direct
                  ProxyJump none
                """);
        assertThat(route.jumps()).extracting(Route::host).containsExactly("zero", "192.0.2.1", "192.0.2.2");
        assertThat(route.jumps().get(2).port()).isEqualTo(7);
        assertThat(route.jumps().get(2).user()).isEqualTo("me");
        assertThat(route.proxyCommand()).isNull();
    }

    @Test
    void hostsThatAreReachedThroughThemselves() throws Exception {
        assertThat(route("box", "Host *\nProxyJump gate\n").jumps())
                .extracting(Route::host)
                .containsExactly("gate");
        assertThatThrownBy(() -> route("box", "Host box\nProxyJump gate\nHost gate\nProxyJump box"))
                .isInstanceOf(SshRefusedException.class)
                .hasMessageContaining("gate");
    }

    @Test
    void noJumpAndNoProxy() throws Exception {
        Route route = route("box", "ProxyJump none\nProxyCommand NONE\n");
        assertThat(route.jumps()).isEmpty();
        assertThat(route.proxyCommand()).isNull();
        assertThat(route("me@box:9", "ProxyCommand nc \"%h\" %p as %r 100%%h # all of it\n")
                        .proxyCommand())
                .isEqualTo("nc \"box\" 9 as me 100%h # all of it");
    }

    @Test
    void howStrictHostKeysAreTaken() throws Exception {
        assertThat(route("box", "StrictHostKeyChecking accept-new\nUserKnownHostsFile /a /b\n")
                        .hostKeys())
                .isEqualTo(HostKeys.acceptNew(Path.of("/a")));
        assertThat(route("box", "StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\n")
                        .hostKeys())
                .isEqualTo(HostKeys.acceptAny());
        assertThat(route("box", "StrictHostKeyChecking off\n").hostKeys())
                .isEqualTo(HostKeys.acceptNew(Path.of(System.getProperty("user.home"), ".ssh/known_hosts")));
        assertThat(route("box", "StrictHostKeyChecking yes\n").hostKeys()).isEqualTo(HostKeys.known());
    }

    @Test
    void mistakesAreShownWhereTheyAre() throws Exception {
        Path file = config("Host box\n\nPort\n");
        assertThatThrownBy(() -> route("box", "Host box\n\nPort\n"))
                .isInstanceOf(SshRefusedException.class)
                .hasMessageContaining(file + ":3")
                .hasMessageContaining("Port");
        assertThatThrownBy(() -> route("box", "Port many\n"))
                .isInstanceOf(SshRefusedException.class)
                .hasMessageContaining("many")
                .hasMessageContaining("box");
        assertThatThrownBy(() -> route("box", "User \"\"\nHostName \"open\nInclude config\n"))
                .isInstanceOf(SshRefusedException.class);
        assertThatThrownBy(() -> route("box", "Include config\n"))
                .isInstanceOf(SshRefusedException.class)
                .hasMessageContaining("config")
                .hasMessageContaining("itself");
    }

    @Test
    void aRealServerByItsAlias() throws Exception {
        try (OpenSsh server = OpenSsh.start(Files.createDirectory(directory.resolve("server")))) {
            Path config = config("""
                    Host box
                      HostName 127.0.0.1
                      Port %d
                      IdentityFile %s
                      UserKnownHostsFile %s
                    """.formatted(
                            server.port(),
                            server.directory().resolve("id"),
                            server.directory().resolve("known_hosts")));
            try (SshConnection connection = SshConnection.open(
                    "box", SshOptions.defaults().withoutAgent().withConfig(config))) {
                assertThat(connection.run(Command.of("echo", "here")).stdout()).isEqualTo("here\n");
                assertThat(connection).hasToString("box");
            }
        }
    }
}
