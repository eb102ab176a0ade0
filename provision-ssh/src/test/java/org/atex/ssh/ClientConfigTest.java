package org.atex.ssh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.atex.api.Command;
import org.atex.lab.OpenSsh;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The configuration of a host from a file in the format of {@code ssh_config(5)}. */
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
    void aliasGetsAllValuesOfItsBlock() throws Exception {
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
        assertThat(route.identities().files()).extracting(SshOptions.Key::file).contains(key);
        assertThat(hostKeys(route).user()).startsWith(Path.of("/known/one"));
        assertThat(route.jumps()).isEmpty();
        assertThat(route).hasToString("box");
    }

    @Test
    void hostWithoutBlockGetsTheDefaults() throws Exception {
        Route route = route("192.0.2.1", "Host box\nPort 7\n");
        assertThat(route.host()).isEqualTo("192.0.2.1");
        assertThat(route.port()).isEqualTo(22);
        assertThat(route.user()).isEqualTo(System.getProperty("user.name"));
        assertThat(hostKeys(route).user()).isEqualTo(ConfiguredHostKeys.USER_FILES);
    }

    @Test
    void firstValueCountsAndDestinationAndOptionsPrecedeIt() throws Exception {
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
    void keywordsBeforeTheFirstHostApplyToAll() throws Exception {
        assertThat(route("box", "User all\nHost box\nUser one\n").user()).isEqualTo("all");
    }

    @Test
    void hostPatternsCanBeNegated() throws Exception {
        String text = """
                Host web? !web9 *.lab "quoted" !secret.lab
                  User matched
                Host *
                  User any
                """;
        for (String name : new String[] {"web1", "a.lab", "b.c.lab", "quoted"}) {
            assertThat(route(name, text).user()).as(name).isEqualTo("matched");
        }
        for (String name : new String[] {"web", "WEB2", "web10", "web9", "secret.lab", "lab", "axlab"}) {
            assertThat(route(name, text).user()).as(name).isEqualTo("any");
        }
    }

    @Test
    void includeAppliesToTheHostsOfItsBlock() throws Exception {
        Files.createDirectory(directory.resolve("more"));
        Files.writeString(directory.resolve("more/1.conf"), "User one\nHost b\nPort 11\n");
        Files.writeString(directory.resolve("more/2.conf"), "User two\nPort 12\n");
        Files.writeString(directory.resolve("single"), "HostName 192.0.2.9\n");
        String text = """
                Include %1$s/more/*.conf %1$s/nothing/*
                Host a
                  Include %1$s/single
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
    void blockOfAnIncludedFileEndsWithTheFile() throws Exception {
        Files.writeString(directory.resolve("inner"), "Host other\nPort 1\n");
        assertThat(route("box", "Host box\nInclude " + directory + "/inner\nUser still\n")
                        .user())
                .isEqualTo("still");
    }

    @Test
    void jumpHostsAreLookedUpInTheConfigurationToo() throws Exception {
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
    void jumpHostsInALoopAreRefused() throws Exception {
        assertThatThrownBy(() -> route("box", "Host *\nProxyJump gate\n"))
                .isInstanceOf(SshRefusedException.class)
                .hasMessageContaining("jumphost loop via gate");
        assertThat(route("box", "Host * !gate\nProxyJump gate\n").jumps())
                .extracting(Route::host)
                .containsExactly("gate");
        assertThatThrownBy(() -> route("box", "Host box\nProxyJump gate\nHost gate\nProxyJump box"))
                .isInstanceOf(SshRefusedException.class)
                .hasMessageContaining("gate");
    }

    /**
     * As with ssh, each jump host is reached through the one before it, so that a ProxyJump of its own has no effect.
     */
    @Test
    void onlyTheFirstJumpHostHasAProxyJumpOfItsOwn() throws Exception {
        Route route = route("box", "Host box\nProxyJump ssh://a@first:2201,second\nHost second\nProxyJump third\n");
        assertThat(route.jumps()).extracting(Route::host).containsExactly("first", "second");
        assertThat(route.jumps().get(0).user()).isEqualTo("a");
        assertThat(route.jumps().get(0).port()).isEqualTo(2201);
    }

    @Test
    void noneDisablesProxyJumpAndProxyCommand() throws Exception {
        Route route = route("box", "ProxyJump none\nProxyCommand NONE\n");
        assertThat(route.jumps()).isEmpty();
        assertThat(route.proxyCommand()).isNull();
        assertThat(route("me@box:9", "ProxyCommand nc \"%h\" %p as %r 100%%h # all of it\n")
                        .proxyCommand())
                .isEqualTo("nc \"box\" 9 as me 100%h # all of it");
    }

    private static ConfiguredHostKeys hostKeys(Route route) {
        return (ConfiguredHostKeys) route.hostKeys();
    }

    @Test
    void strictHostKeyCheckingSetsThePolicy() throws Exception {
        ConfiguredHostKeys accepting =
                hostKeys(route("box", "StrictHostKeyChecking accept-new\nUserKnownHostsFile /a /b\nHostKeyAlias me\n"));
        assertThat(accepting.strictness()).isEqualTo(StrictHostKeyChecking.ACCEPT_NEW);
        assertThat(accepting.user()).containsExactly(Path.of("/a"), Path.of("/b"));
        assertThat(accepting.global()).isEqualTo(ConfiguredHostKeys.GLOBAL_FILES);
        assertThat(accepting.alias()).isEqualTo("me");
        assertThat(hostKeys(route("box", "StrictHostKeyChecking off\n")).strictness())
                .isEqualTo(StrictHostKeyChecking.NO);
        for (String strict : new String[] {"yes", "ask"}) {
            ConfiguredHostKeys usual = hostKeys(route("box", "StrictHostKeyChecking " + strict + "\n"));
            assertThat(usual.strictness()).isEqualTo(StrictHostKeyChecking.YES);
            assertThat(usual.user()).isEqualTo(ConfiguredHostKeys.USER_FILES);
        }
    }

    @Test
    void mistakeIsReportedWithFileAndLine() throws Exception {
        for (String text : new String[] {"Host box\n\nPort\n", "Host box\n\nPort many\n", "Host box\n\nPrt 22\n"}) {
            assertThatThrownBy(() -> route("box", text))
                    .isInstanceOf(SshRefusedException.class)
                    .hasMessageContaining("box")
                    .hasMessageContaining(directory.resolve("config").toString())
                    .hasMessageContaining(" line 3");
        }
        assertThatThrownBy(() -> route("box", "Include " + directory + "/config\n"))
                .isInstanceOf(SshRefusedException.class)
                .hasMessageContaining("config");
    }

    @Test
    void unsupportedSecurityKeywordsAreRefused() throws Exception {
        for (String word : new String[] {
            "KnownHostsCommand /bin/true", "RevokedHostKeys /etc/revoked", "BindAddress 192.0.2.1", "BindInterface lo"
        }) {
            assertThatThrownBy(() -> route("box", word + "\n"))
                    .isInstanceOf(SshRefusedException.class)
                    .hasMessageContaining(word.toLowerCase(Locale.ROOT).split(" ", -1)[0])
                    .hasMessageContaining("box");
        }
        Route pinned = Route.to(
                Host.of("box"),
                SshOptions.defaults()
                        .withConfig(config("RevokedHostKeys /etc/revoked\n"))
                        .withHostKeys(HostKeys.acceptAny()));
        assertThat(pinned.hostKeys()).isEqualTo(HostKeys.acceptAny());
    }

    private static final List<String> COMPARED = List.of(
            "hostname",
            "port",
            "user",
            "identityfile",
            "certificatefile",
            "identitiesonly",
            "identityagent",
            "proxyjump",
            "proxycommand",
            "hostkeyalias",
            "stricthostkeychecking");

    /** {@link ConfigFile} must agree with {@code ssh -G}. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Host box\nPort 7\nHost *\nPort 8\nUser u\n",
                "Host other # box\nPort 7\n",
                "Host box # other\nPort 7\n",
                "# t\u00fcr\nHost box\nUser u\n",
                "HOST box\nPORT=7\nuser = u\n",
                "Host b?x !box\nPort 7\nHost b*\nPort 9\n",
                "Host BOX\nPort 7\n",
                "Match host box\nPort 7\n",
                "Match originalhost box,other user me\nPort 7\n",
                "User me\nMatch user me\nPort 7\n",
                "HostName real\nMatch host real\nPort 7\nMatch host box\nUser never\n",
                "HostName REAL\nMatch host real\nPort 7\n",
                "Match !host other\nPort 7\n",
                "Match all\nPort 7\n",
                "Match localuser nobody-here\nPort 7\n",
                "Host x\nMatch all\nPort 7\n",
                "ProxyCommand nc %h %p\nProxyJump gate\n",
                "ProxyJump gate\nProxyCommand nc %h %p\n",
                "Host box\nProxyCommand nc %h %p\nHost *\nProxyJump gate\n",
                "ProxyJump none\n",
                "IdentityFile ~/a\nIdentityFile \"~/b c\"\nCertificateFile ~/d\nIdentitiesOnly yes\n",
                "IdentityAgent none\nHostKeyAlias other\n",
                "StrictHostKeyChecking accept-new\n",
                "HostName %h.example.com\n",
                "HostName 192.0.2.7\nPort 2222 # comment\n",
                "Include DIR/conf.d/*/config\nPort 9\n",
                "Include DIR/mixed/*\nPort 9\n",
                "Host no\nInclude DIR/mixed/*\nHost box\nPort 9\n",
                "Include DIR/missing DIR/mixed/a\n",
            })
    void withoutSshSupportedKeywordsHaveTheSameMeaning(String text) throws Exception {
        Path nested = Files.createDirectories(directory.resolve("conf.d/x"));
        Files.writeString(nested.resolve("config"), "Port 11\n");
        Path mixed = Files.createDirectories(directory.resolve("mixed/sub")).getParent();
        Files.writeString(mixed.resolve("a"), "Host box\nPort 12\n");
        Files.writeString(mixed.resolve(".a.swp"), "Port 13\n");
        Path file = directory.resolve("config");
        Files.write(file, text.replace("DIR", directory.toString()).getBytes(StandardCharsets.ISO_8859_1));
        Host host = Host.of("box");
        SshOptions options = SshOptions.defaults().withConfig(file);
        ClientConfig bySsh = ClientConfig.of(options, host);
        ClientConfig byReader = ConfigFile.read(file, options, host);
        for (String word : COMPARED) {
            if (byReader.value(word) != null || word.equals("port") || word.equals("user")) {
                String usual = word.equals("port") ? "22" : System.getProperty("user.name");
                List<String> values = byReader.values(word).isEmpty() ? List.of(usual) : byReader.values(word);
                assertThat(values.stream()
                                .map(value -> value.replace("%h", "box").toLowerCase(Locale.ROOT)))
                        .as(word)
                        .containsExactlyElementsOf(
                                bySsh.value(word) == null
                                        ? List.of("none")
                                        : bySsh.values(word).stream()
                                                .map(value -> value.replace("%h", "box")
                                                        .replaceFirst("^true$", "yes")
                                                        .toLowerCase(Locale.ROOT))
                                                .toList());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Match exec \"true\"\nPort 7\n",
                "Match final\nPort 7\n",
                "Match canonical\nPort 7\n",
                "RevokedHostKeys /x\n",
                "CanonicalizeHostname yes\n",
                "Port\n",
            })
    void withoutSshOtherKeywordsThatDecideAreRefused(String text) throws Exception {
        Path file = config(text);
        assertThatThrownBy(() -> ConfigFile.read(file, SshOptions.defaults().withConfig(file), Host.of("box")))
                .isInstanceOf(SshRefusedException.class)
                .hasMessageContaining(file + ":1");
    }

    @Test
    void withoutSshQuotedFileNamesCanContainSpaces() throws Exception {
        Path file = config("UserKnownHostsFile \"/a b\"\nUserKnownHostsFile /c\nGlobalKnownHostsFile /d \"/e f\"\n");
        ClientConfig config = ConfigFile.read(file, SshOptions.defaults().withConfig(file), Host.of("box"));
        assertThat(config.values("userknownhostsfile")).containsExactly("/a b");
        assertThat(config.values("globalknownhostsfile")).containsExactly("/d", "/e f");
    }

    @Test
    void tokensAndVariablesInFileNamesAreExpanded() throws Exception {
        Route route = route("box", """
                HostName box.example.com
                User me
                HostKeyAlias alias
                IdentityFile %d/keys/%r@%h-%p-%n-%k-100%%
                IdentityFile ~/plain
                UserKnownHostsFile ${HOME}/known_%h
                """);
        String home = System.getProperty("user.home");
        assertThat(route.identities().files())
                .extracting(key -> key.file().toString())
                .containsExactly(home + "/keys/me@box.example.com-22-box-alias-100%", home + "/plain");
        assertThat(hostKeys(route).user()).containsExactly(Path.of(System.getenv("HOME"), "known_box.example.com"));
    }

    @Test
    void connectsToAServerByAlias() throws Exception {
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
