package org.atex.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.Executor;
import org.atex.local.LocalConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tests that one factory can serve many systems with a shared, unmodifiable map of environment variables. */
@Timeout(180)
class SharedEnvironmentTest {
    @TempDir
    Path here;

    @Test
    void testsOnManySystemsSeeTheirOwnDirectoryAndTheSharedVariables() throws Exception {
        Map<String, String> mine = new HashMap<>(Map.of("SHARED", "1"));
        Map<String, String> shared = Collections.unmodifiableMap(mine);
        Executor.Factory factory = CommandExecutor.factory(test -> Command.bash("echo $SHARED $OWN $(pwd -P)")
                .withEnvironment(shared)
                .withEnvironment("OWN", test.name())
                .withDirectory(here.resolve(test.name()).toString()));
        List<Future<String>> outputs = new ArrayList<>();
        try (ExecutorService systems = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 12; i++) {
                Path own = Files.createDirectories(here.resolve("system-" + i));
                outputs.add(systems.submit(() -> outputOf(factory, own)));
            }
        }
        for (int i = 0; i < 12; i++) {
            Path own = here.resolve("system-" + i).toRealPath();
            assertThat(outputs.get(i).get()).isEqualTo("1 system-" + i + " " + own + "\n");
        }
        assertThat(mine).isEqualTo(Map.of("SHARED", "1"));
    }

    private static String outputOf(Executor.Factory factory, Path own) throws Exception {
        try (LocalConnection connection = LocalConnection.open();
                Executor executor = factory.open(connection)) {
            Artifacts into = Artifacts.at(Files.createDirectory(own.resolve("artifacts")));
            executor.run(CommandTest.of(String.valueOf(own.getFileName()), Command.of("unused")), into);
            return Files.readString(into.files().resolve("output.txt"));
        }
    }
}
