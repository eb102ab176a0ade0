package org.atex.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.atex.api.Artifacts;
import org.atex.api.Command;
import org.atex.api.Need;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.atex.api.TestEnd;
import org.atex.api.TestLock;
import org.atex.local.LocalConnection;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandTestTest {
    @Test
    void propertiesAreThoseOfThePlan() {
        TestCase test = CommandTest.of("/test", Command.of("true"))
                .withPriority(3)
                .withLock(TestLock.exclusive("printer"))
                .withNeed(Need.of("arch", "x86_64"))
                .withExpected(Duration.ofSeconds(1))
                .withLimit(Duration.ofSeconds(2))
                .withDestructive(true)
                .withTag("slow");

        assertThat(test.name()).isEqualTo("/test");
        assertThat(test.priority()).isEqualTo(3);
        assertThat(test.locks()).containsExactly(TestLock.exclusive("printer"));
        assertThat(test.needs()).containsExactly(Need.of("arch", "x86_64"));
        assertThat(test.expected()).isEqualTo(Duration.ofSeconds(1));
        assertThat(test.limit()).isEqualTo(Duration.ofSeconds(2));
        assertThat(test.destructive()).isTrue();
        assertThat(test.tags()).containsExactly("slow");
    }

    private record Wrapper(@Nullable TestCase wrapped, String name) implements TestCase {
        @Override
        public boolean equals(@Nullable Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return name.hashCode();
        }
    }

    private static final class Endless implements TestCase {
        @Override
        public String name() {
            return "/endless";
        }

        @Override
        public TestCase wrapped() {
            return this;
        }
    }

    @Test
    void isFoundInsideOtherTests() {
        CommandTest test = CommandTest.of("/test", Command.of("true"));
        TestCase outer = new Wrapper(new Wrapper(test, "/middle"), "/outer");
        assertThat(test.unwrap(CommandTest.class)).containsSame(test);
        assertThat(outer.unwrap(CommandTest.class)).containsSame(test);
        assertThat(outer.unwrap(Wrapper.class)).get().extracting(TestCase::name).isEqualTo("/outer");
        assertThat(new Wrapper(null, "/empty").unwrap(CommandTest.class)).isEmpty();
        assertThat(new Endless().unwrap(CommandTest.class)).isEmpty();
    }

    @Test
    void wrapperHasThePropertiesOfTheTestThatItWraps() {
        CommandTest test = CommandTest.of("/test", Command.of("true"))
                .withPriority(3)
                .withLock(TestLock.exclusive("printer"))
                .withPlan(plan -> plan.withGroup("print").withComponents(Set.of("cups")));
        TestCase outer = new Wrapper(new Wrapper(test, "/middle"), "/outer");
        assertThat(PlainTest.copyOf(outer)).isEqualTo(PlainTest.copyOf(test).withName("/outer"));
        assertThat(PlainTest.copyOf(outer).components()).containsExactly("cups");
        assertThat(PlainTest.copyOf(outer).group()).isEqualTo("print");
    }

    @Test
    void isRunInsideAnotherTest(@TempDir Path directory) throws Exception {
        CommandTest test = CommandTest.of("/test", Command.bash("exit 3"));
        try (var connection = LocalConnection.open();
                var executor = CommandExecutor.factory().open(connection)) {
            TestEnd end = executor.run(new Wrapper(test, "/outer"), Artifacts.at(directory));
            assertThat(end.exitCode()).isEqualTo(3);
        }
    }
}
