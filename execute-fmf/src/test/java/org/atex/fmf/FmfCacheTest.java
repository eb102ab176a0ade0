package org.atex.fmf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.SimpleFileServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.atex.fmf.tree.FmfException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the cache with real repositories and git. */
@Timeout(300)
class FmfCacheTest {
    @TempDir
    private Path directory;

    private Repository repository;
    private FmfCache cache;
    private String first;

    @BeforeEach
    void makeRepository() throws Exception {
        repository = Repository.in(directory.resolve("repository"));
        repository.write("main.fmf", "/a:\n  test: first\n").write("sub/.fmf/version", "1\n");
        repository.write("sub/main.fmf", "/b:\n  test: inner\n").write("plain/file", "");
        first = repository.commit("first");
        repository.git("tag", "-m", "annotated", "v1");
        repository.git("branch", "topic/one");
        repository.write("main.fmf", "/a:\n  test: second\n");
        repository.commit("second");
        cache = FmfCache.at(directory.resolve("cache"));
    }

    private String test(FmfId id) throws InterruptedException {
        return cache.node(id).text("test", "");
    }

    private FmfId a() {
        return FmfId.of(repository.url()).withName("/a");
    }

    private static FmfException.Kind kind(Throwable thrown) {
        return ((FmfException) thrown).kind();
    }

    private List<Path> leftovers() throws IOException {
        try (Stream<Path> all = Files.find(
                directory.resolve("cache"),
                2,
                (path, unused) -> path.getFileName().toString().startsWith("aside-"))) {
            return all.toList();
        }
    }

    @Test
    void fetchesTheDefaultBranchWithoutARef() throws Exception {
        assertThat(test(a())).isEqualTo("second");
        assertThat(cache.tree(a()).directory())
                .hasValueSatisfying(root -> assertThat(root)
                        .startsWith(directory.resolve("cache"))
                        .isDirectoryNotContaining(path -> path.endsWith(".git")));
        assertThat(leftovers()).isEmpty();
    }

    @Test
    void fetchesADefaultBranchWithASlashInItsName() throws Exception {
        repository.git("checkout", "-q", "topic/one");
        assertThat(test(a())).isEqualTo("first");
    }

    @ParameterizedTest
    @CsvSource({"topic/one,first", "v1,first", "main,second", "v1^0,first", "main~1,first", "origin/main,second"})
    void fetchesBranchesTagsAndExpressions(String ref, String expected) throws Exception {
        assertThat(test(a().withRef(ref))).isEqualTo(expected);
    }

    @Test
    void fetchesFullAndAbbreviatedCommits() throws Exception {
        assertThat(test(a().withRef(first))).isEqualTo("first");
        assertThat(test(a().withRef(first.substring(0, 9)))).isEqualTo("first");
    }

    @Test
    void prefersABranchToATagOfTheSameName() throws Exception {
        repository.git("branch", "v1", "main");
        assertThat(test(a().withRef("v1"))).isEqualTo("second");
    }

    @Test
    void readsATreeInADirectoryOfTheRepository() throws Exception {
        assertThat(test(FmfId.of(repository.url()).withPath("/sub").withName("/b")))
                .isEqualTo("inner");
    }

    @Test
    void acceptsAPathInPlaceOfAUrl() throws Exception {
        assertThat(test(FmfId.of(repository.directory().toString()).withName("/a")))
                .isEqualTo("second");
    }

    @Test
    void readsATreeOfThisMachineWithoutUrl() throws Exception {
        FmfId id = FmfId.of(Map.of("path", repository.directory().toString(), "name", "/a"));
        assertThat(test(id)).isEqualTo("second");
    }

    @Test
    void keepsFileModesAndSymbolicLinks() throws Exception {
        repository.write("run.sh", "#!/bin/sh\n");
        assertThat(repository.directory().resolve("run.sh").toFile().setExecutable(true))
                .isTrue();
        Files.createSymbolicLink(repository.directory().resolve("link"), Path.of("run.sh"));
        repository.commit("third");
        Path checkout = cache.checkout(repository.url(), null);
        assertThat(checkout.resolve("run.sh")).isExecutable();
        assertThat(checkout.resolve("link")).isSymbolicLink();
    }

    @Test
    void looksUpBranchesAgainAfterMaxAge() throws Exception {
        assertThat(test(a())).isEqualTo("second");
        repository.write("main.fmf", "/a:\n  test: third\n").commit("third");
        assertThat(test(a())).isEqualTo("second");
        cache = cache.withMaxAge(Duration.ZERO);
        assertThat(test(a())).isEqualTo("third");
        assertThat(test(a().withRef(first))).isEqualTo("first");
    }

    @Test
    void cachedTreesNeedNoServer() throws Exception {
        test(a().withRef(first));
        test(a());
        Files.move(repository.directory(), directory.resolve("gone"));
        assertThat(test(a())).isEqualTo("second");
        assertThat(cache.withMaxAge(Duration.ZERO).node(a().withRef(first)).name())
                .isEqualTo("/a");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"no-such-branch", "-x", "--upload-pack=touch /tmp/x", "a b", "a:b", "0123456", "v1:main.fmf"})
    void anUnknownRefIsAnErrorWithItsName(String ref) {
        assertThatThrownBy(() -> test(a().withRef(ref)))
                .satisfies(e -> assertThat(kind(e)).isEqualTo(FmfException.Kind.FETCH))
                .hasMessageContaining("'" + ref + "'")
                .hasMessageContaining(repository.url());
    }

    @Test
    void missingNodesDirectoriesAndRepositoriesAreNamed() throws Exception {
        assertThatThrownBy(() -> test(a().withName("/c")))
                .satisfies(e -> assertThat(kind(e)).isEqualTo(FmfException.Kind.REFERENCE))
                .hasMessageContaining("/c in " + repository.url());
        assertThatThrownBy(() -> test(a().withPath("nowhere")))
                .satisfies(e -> assertThat(kind(e)).isEqualTo(FmfException.Kind.FILE))
                .hasMessageContaining("'nowhere'");
        assertThatThrownBy(() -> test(a().withPath("../../..")))
                .satisfies(e -> assertThat(kind(e)).isEqualTo(FmfException.Kind.FILE));
        assertThatThrownBy(() -> test(FmfId.of("file:///no/such/repository")))
                .satisfies(e -> assertThat(kind(e)).isEqualTo(FmfException.Kind.FETCH))
                .hasMessageContaining("/no/such/repository");
        assertThatThrownBy(() -> test(FmfId.of(Map.of("path", "relative"))))
                .satisfies(e -> assertThat(kind(e)).isEqualTo(FmfException.Kind.REFERENCE));
        Repository bare = Repository.in(directory.resolve("bare"));
        assertThatThrownBy(() -> test(FmfId.of(bare.url())))
                .satisfies(e -> assertThat(kind(e)).isEqualTo(FmfException.Kind.FETCH))
                .hasMessageContaining("default branch");
        assertThat(leftovers()).isEmpty();
    }

    @Test
    void threadsShareAFetch() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> all = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                FmfId id = i % 2 == 0 ? a() : a().withRef("v1");
                all.add(threads.submit(() -> test(id)));
            }
            for (int i = 0; i < 8; i++) {
                assertThat(all.get(i).get()).isEqualTo(i % 2 == 0 ? "second" : "first");
            }
        }
        assertThat(leftovers()).isEmpty();
    }

    private Process fetchInProcess(String url) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Fetch.class.getName(),
                        directory.resolve("cache").toString(),
                        url)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** Fetches a repository in another process. */
    static final class Fetch {
        public static void main(String[] args) throws Exception {
            System.out.print(FmfCache.at(Path.of(args[0])).checkout(args[1], null));
        }
    }

    @Test
    void processesShareTheDirectory() throws Exception {
        List<Process> processes = List.of(
                fetchInProcess(repository.url()), fetchInProcess(repository.url()), fetchInProcess(repository.url()));
        String expected = cache.checkout(repository.url(), null).toString();
        for (Process process : processes) {
            assertThat(new String(process.getInputStream().readAllBytes())).isEqualTo(expected);
            assertThat(process.waitFor()).isZero();
        }
        assertThat(leftovers()).isEmpty();
    }

    /**
     * A plain file server with a repository. It delays its answers until told otherwise, and may require a password.
     */
    private final class Server implements AutoCloseable {
        private final CountDownLatch requested = new CountDownLatch(1);
        private final CountDownLatch released = new CountDownLatch(1);
        private final HttpServer server;

        Server(String password) throws Exception {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            Path bare = directory.resolve("bare.git");
            repository.git("clone", "-q", "--bare", ".", bare.toString());
            repository.git("--git-dir", bare.toString(), "update-server-info");
            var files = SimpleFileServer.createFileHandler(bare);
            String wanted = "Basic " + Base64.getEncoder().encodeToString(password.getBytes(StandardCharsets.UTF_8));
            server.createContext("/", exchange -> {
                requested.countDown();
                try {
                    released.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                if (password.isEmpty()
                        || wanted.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
                    files.handle(exchange);
                } else {
                    exchange.getResponseHeaders().add("WWW-Authenticate", "Basic realm=\"tests\"");
                    exchange.sendResponseHeaders(401, -1);
                    exchange.close();
                }
            });
            server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
            server.start();
        }

        Server answering() {
            released.countDown();
            return this;
        }

        String url(String login) {
            return "http://" + login + "127.0.0.1:" + server.getAddress().getPort() + "/";
        }

        @Override
        public void close() {
            released.countDown();
            server.stop(0);
        }
    }

    @Test
    void fetchesFromServersThatCannotSendAShallowHistory() throws Exception {
        try (Server server = new Server("").answering()) {
            assertThat(test(FmfId.of(server.url("")).withName("/a"))).isEqualTo("second");
        }
    }

    @Test
    void theNextFetchRecoversFromAKilledOne() throws Exception {
        try (Server server = new Server("")) {
            Process process = fetchInProcess(server.url(""));
            server.requested.await();
            process.destroyForcibly().waitFor();
            assertThat(leftovers()).hasSize(1);
            server.answering();
            assertThat(test(FmfId.of(server.url("")).withName("/a"))).isEqualTo("second");
            assertThat(leftovers()).isEmpty();
        }
    }

    @Test
    void interruptionKillsAFetch() throws Exception {
        try (Server server = new Server("")) {
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            Thread thread = Thread.ofVirtual().start(() -> {
                try {
                    cache.checkout(server.url(""), null);
                } catch (Throwable e) {
                    thrown.set(e);
                }
            });
            server.requested.await();
            List<ProcessHandle> gits = ProcessHandle.current().descendants().toList();
            assertThat(gits).isNotEmpty();
            thread.interrupt();
            thread.join();
            assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
            assertThat(leftovers()).isEmpty();
            for (ProcessHandle git : gits) {
                git.onExit().get(20, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    void interruptionEndsTheWaitForAnotherFetch() throws Exception {
        try (Server server = new Server("")) {
            Process process = fetchInProcess(server.url(""));
            server.requested.await();
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            Thread thread = Thread.ofVirtual().unstarted(() -> {
                Thread.currentThread().interrupt();
                try {
                    cache.checkout(server.url(""), null);
                } catch (Throwable e) {
                    thrown.set(e);
                }
            });
            thread.start();
            thread.join();
            assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
            server.answering();
            assertThat(process.waitFor()).isZero();
        }
    }

    @Test
    void aFetchEndsAtItsTimeLimit() throws Exception {
        try (Server server = new Server("")) {
            assertThatThrownBy(
                            () -> cache.withFetchWithin(Duration.ofSeconds(1)).checkout(server.url(""), null))
                    .satisfies(e -> assertThat(kind(e)).isEqualTo(FmfException.Kind.FETCH))
                    .hasMessageContaining("1 s");
            assertThat(leftovers()).isEmpty();
        }
    }

    @Test
    void logsInWithThePasswordOfTheUrl() throws Exception {
        try (Server server = new Server("me:pa/ss@word").answering()) {
            assertThat(test(FmfId.of(server.url("me:pa%2Fss%40word@")).withName("/a")))
                    .isEqualTo("second");
        }
        try (Stream<Path> all = Files.walk(directory.resolve("cache"))) {
            assertThat(all.map(Path::toString)).noneMatch(name -> name.contains("ss%40word"));
        }
    }

    @Test
    void neverPromptsForAPasswordAndNeverShowsOne() throws Exception {
        try (Server server = new Server("me:right").answering()) {
            assertThatThrownBy(() -> test(FmfId.of(server.url(""))))
                    .satisfies(e -> assertThat(kind(e)).isEqualTo(FmfException.Kind.FETCH))
                    .hasMessageContaining("without asking");
            assertThatThrownBy(() -> test(FmfId.of(server.url("me:hunter2@"))))
                    .satisfies(e -> assertThat(kind(e)).isEqualTo(FmfException.Kind.FETCH))
                    .hasMessageContaining(server.url(""))
                    .message()
                    .doesNotContain("hunter2", "me:");
        }
        assertThat(FmfId.of("https://me:hunter2@example.com/x")).asString().isEqualTo("/ in https://example.com/x");
        assertThat(GitUrl.redact("a https://x:y@z/ and ssh://u@h/")).isEqualTo("a https://z/ and ssh://h/");
    }

    @Test
    void theEnvironmentDeterminesTheDirectory() {
        assertThat(FmfCache.standardDirectory(Map.of(), "/home/me")).isEqualTo(Path.of("/home/me/.cache/fmf"));
        assertThat(FmfCache.standardDirectory(Map.of("XDG_CACHE_HOME", "/x"), "/home/me"))
                .isEqualTo(Path.of("/x/fmf"));
        assertThat(FmfCache.standardDirectory(Map.of("XDG_CACHE_HOME", "/x", "FMF_CACHE_DIRECTORY", "/y"), "/home/me"))
                .isEqualTo(Path.of("/y"));
        assertThat(FmfCache.standardDirectory(Map.of("XDG_CACHE_HOME", "/x", "FMF_CACHE_DIRECTORY", ""), "/home/me"))
                .isEqualTo(Path.of("/x/fmf"));
    }
}
