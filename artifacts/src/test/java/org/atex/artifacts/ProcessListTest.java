package org.atex.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.atex.api.Artifacts;
import org.atex.api.CommandEnd;
import org.atex.testkit.FakeConnection;
import org.atex.testkit.FakeProgram;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
@ExtendWith(LeakCheck.class)
class ProcessListTest {
    private static final Duration SINCE = Duration.ofSeconds(7);

    @TempDir
    Path directory;

    private List<String> write(FakeProgram program) throws InterruptedException {
        try (FakeConnection connection = FakeConnection.running(program)) {
            return ProcessList.write(connection, SINCE, Artifacts.at(directory));
        }
    }

    private String file() throws IOException {
        return Files.readString(directory.resolve("files").resolve(ProcessList.FILE));
    }

    @Test
    void outputOfTheSystemIsStored() throws Exception {
        assertThat(write(FakeProgram.saying("1 init\n", 0))).containsExactly("processes.txt");
        assertThat(file()).isEqualTo("1 init\n");
    }

    @Test
    void outputIsHarmless() throws Exception {
        String hostile = "\u001b[31mred\r\u0007 --password=top --auth-token 'abc' PGPASSWORD=x {\"API_KEY\":\"k1\"} "
                + "https://me:pw@host/ --plain=stays\n";
        assertThat(write(FakeProgram.saying(hostile, 0))).isNotEmpty();
        assertThat(file())
                .startsWith("?[31mred?? ")
                .doesNotContain("top", "abc", "=x", "k1", "me:pw")
                .contains("--password=***", "://***@host/", "--plain=stays");
    }

    @Test
    void longOutputIsCut() throws Exception {
        assertThat(write(FakeProgram.saying("a line\n".repeat(100_000), 0))).isNotEmpty();
        assertThat(file()).endsWith("… and more\n");
        assertThat(file().length()).isLessThan(ProcessList.MAX_BYTES);
    }

    @Test
    void deadConnectionIsTheReason() throws Exception {
        try (FakeConnection connection = FakeConnection.obedient()) {
            connection.lose();
            assertThat(ProcessList.write(connection, SINCE, Artifacts.at(directory)))
                    .containsExactly("processes.txt");
        }
        assertThat(file()).contains("The list is incomplete: ", "lost");
    }

    @Test
    void partOfTheListIsStoredIfTheRestTakesTooLong() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        FakeProgram hanging = process -> {
            process.stdout().write("first line\n".getBytes(StandardCharsets.UTF_8));
            never.await();
            return new CommandEnd.Exited(0);
        };
        try (FakeConnection connection = FakeConnection.running(hanging)) {
            assertThat(ProcessList.write(connection, SINCE, Artifacts.at(directory), Duration.ofSeconds(1)))
                    .isNotEmpty();
        }
        assertThat(file()).contains("first line\n").containsAnyOf("it took longer than 1s", "did not answer within 1s");
    }

    @Test
    void fileOfTheTestIsKept() throws Exception {
        Path own = Files.createDirectory(directory.resolve("files")).resolve(ProcessList.FILE);
        Files.writeString(own, "of the test");
        assertThat(write(FakeProgram.saying("1 init\n", 0))).isEmpty();
        assertThat(own).hasContent("of the test");
    }

    @Test
    void linkIsNotFollowed() throws Exception {
        Path outside = directory.resolve("outside");
        Files.createSymbolicLink(
                Files.createDirectory(directory.resolve("files")).resolve(ProcessList.FILE), outside);
        assertThat(write(FakeProgram.saying("1 init\n", 0))).isEmpty();
        assertThat(outside).doesNotExist();
    }

    @Test
    void directoryThatCannotBeWrittenIsNoFailure() throws Exception {
        Files.writeString(directory.resolve("files"), "no directory");
        assertThat(write(FakeProgram.saying("1 init\n", 0))).isEmpty();
    }

    @Test
    void interruptEndsIt() throws Exception {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> write(FakeProgram.saying("1 init\n", 0))).isInstanceOf(InterruptedException.class);
        CountDownLatch never = new CountDownLatch(1);
        Thread caller = Thread.currentThread();
        assertThatThrownBy(() -> write(process -> {
                    caller.interrupt();
                    never.await();
                    return new CommandEnd.Exited(0);
                }))
                .isInstanceOf(InterruptedException.class);
        assertThat(directory.resolve("files").resolve(ProcessList.FILE)).doesNotExist();
    }
}
