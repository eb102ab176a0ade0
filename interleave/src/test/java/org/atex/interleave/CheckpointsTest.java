package org.atex.interleave;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.atex.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@Timeout(180)
@ExtendWith(LeakCheck.class)
class CheckpointsTest {
    private final List<String> log = new ArrayList<>();
    private final Checkpoints logging = log::add;

    interface Named {
        default String name() {
            return "default of " + this;
        }
    }

    interface Store extends Named, AutoCloseable {
        void write(String text) throws IOException;

        String read();

        default String twice() {
            return read() + read();
        }

        @Override
        void close();
    }

    private final class Memory implements Store {
        private String text = "";

        @Override
        public void write(String text) throws IOException {
            log.add("write " + text);
            if (text.isEmpty()) {
                throw new FileNotFoundException("nothing");
            }
            this.text = text;
        }

        @Override
        public String read() {
            return text;
        }

        @Override
        public void close() {
            throw new IllegalStateException("open");
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Memory memory && memory.text.equals(text);
        }

        @Override
        public int hashCode() {
            return text.hashCode();
        }

        @Override
        public String toString() {
            return "memory";
        }
    }

    @Test
    void callsHavePointsBeforeAndAfter() throws IOException {
        Store store = logging.wrap(Store.class, new Memory());
        store.write("x");
        assertThat(store.read()).isEqualTo("x");
        assertThat(log)
                .containsExactly(
                        "before Store.write", "write x", "after Store.write", "before Store.read", "after Store.read");
    }

    @Test
    void inheritedAndDefaultMethodsHavePoints() throws IOException {
        Store store = logging.wrap(Store.class, "first", new Memory());
        assertThat(store.name()).isEqualTo("default of memory");
        assertThat(store.twice()).isEmpty();
        assertThatThrownBy(store::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("open");
        assertThat(log)
                .containsExactly(
                        "before first.name",
                        "after first.name",
                        "before first.twice",
                        "after first.twice",
                        "before first.close",
                        "after first.close");
    }

    @Test
    void exceptionsAreThoseOfTheObjectAndPassThePointAfter() {
        Store store = logging.wrap(Store.class, new Memory());
        assertThatThrownBy(() -> store.write("")).isExactlyInstanceOf(FileNotFoundException.class);
        assertThat(log).containsExactly("before Store.write", "write ", "after Store.write");
    }

    @Test
    void objectMethodsHaveNoPoints() {
        Memory memory = new Memory();
        Store store = logging.wrap(Store.class, memory);
        Store other = logging.wrap(Store.class, new Memory());
        assertThat(store).hasToString("memory").hasSameHashCodeAs(memory);
        assertThat(store.equals(store)).isTrue();
        assertThat(store.equals(other)).isTrue();
        assertThat(store.equals(memory)).isTrue();
        assertThat(store.equals("memory")).isFalse();
        assertThat(store.equals(null)).isFalse();
        assertThat(log).isEmpty();
    }

    @Test
    void interfacesOfTheJdkCanBeWrapped() throws Exception {
        logging.wrap(Runnable.class, "hook", () -> log.add("run")).run();
        assertThat(logging.wrap(Callable.class, () -> "called").call()).isEqualTo("called");
        assertThat(log).startsWith("before hook.run", "run", "after hook.run").endsWith("after Callable.call");
    }

    private sealed interface Closed permits Only {}

    private record Only() implements Closed {}

    @Test
    void otherTypesAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> logging.wrap(String.class, "text"))
                .withMessageContaining("cannot wrap a java.lang.String");
        assertThatIllegalArgumentException().isThrownBy(() -> logging.wrap(Closed.class, new Only()));
        assertThatIllegalArgumentException().isThrownBy(() -> logging.wrap(Runnable.class, " ", () -> {}));
    }

    @Test
    void objectsOfOneTypeAreDistinguishedByName() throws Exception {
        List<String> order = List.of("a:before left.run", "a:before right.run", "a:after left.run");
        try (Interleaving run = Interleaving.plan()
                .withActor("a", checkpoints -> {
                    Runnable right = checkpoints.wrap(Runnable.class, "right", () -> log.add("right"));
                    checkpoints
                            .wrap(Runnable.class, "left", () -> {
                                right.run();
                                log.add("left");
                            })
                            .run();
                    log.add("end");
                })
                .withOrder(order.toArray(String[]::new))
                .start()) {
            assertThat(log).isEmpty();
            run.runTo("a:after left.run");
            assertThat(log).containsExactly("right", "left");
            run.runToEnd();
            assertThat(log).endsWith("end");
        }
    }

    @Test
    void oneWrappedObjectServesAllActors() throws Exception {
        Memory memory = new Memory();
        Store store = Checkpoints.ofCurrentActor().wrap(Store.class, memory);
        try (Interleaving run = Interleaving.plan()
                .withActor("writer", unused -> store.write("new"))
                .withActor("reader", unused -> log.add("read " + store.read()))
                .withOrder("reader:after Store.read", "writer:before Store.write", "reader:end")
                .start()) {
            assertThat(store.read()).as("the test passes all points").isEmpty();
            run.runToEnd();
        }
        assertThat(log).containsExactly("read ", "write new");
    }

    interface Waiting {
        void await() throws InterruptedException;

        void enter();
    }

    @Test
    void closingEndsCallsWithTheirOwnKindOfException() throws Exception {
        List<Throwable> thrown = new ArrayList<>();
        Waiting object = new Waiting() {
            @Override
            public void await() {}

            @Override
            public void enter() {}
        };
        try (Interleaving run = Interleaving.plan()
                .withActor("a", checkpoints -> {
                    Waiting wrapped = checkpoints.wrap(Waiting.class, object);
                    try {
                        wrapped.await();
                    } catch (InterruptedException e) {
                        thrown.add(e);
                    }
                    try {
                        wrapped.enter();
                    } catch (CancellationException e) {
                        thrown.add(e);
                        assertThat(Thread.currentThread().isInterrupted()).isTrue();
                        throw e;
                    }
                })
                .withOrder("a:before Waiting.await")
                .start()) {
            assertThat(run.history().planned()).isEmpty();
        }
        assertThat(thrown).hasSize(2);
        assertThat(thrown.getFirst()).isInstanceOf(InterruptedException.class);
        assertThat(thrown.getLast())
                .isInstanceOf(CancellationException.class)
                .hasMessageContaining("the interleaving is closed");
    }
}
