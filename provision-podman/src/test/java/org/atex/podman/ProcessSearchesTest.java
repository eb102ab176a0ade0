package org.atex.podman;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class ProcessSearchesTest {
    private record Search(List<String> commands, CompletableFuture<Boolean> answer) {}

    private final BlockingQueue<Search> begun = new LinkedBlockingQueue<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final ProcessSearches<String> searches = new ProcessSearches<>(threads, this::begin);

    private CompletableFuture<Boolean> begin(List<String> commands) {
        if (commands.contains("rejected")) {
            throw new RejectedExecutionException();
        }
        Search search = new Search(commands, new CompletableFuture<>());
        begun.add(search);
        return search.answer();
    }

    @AfterEach
    void stop() {
        threads.shutdownNow();
    }

    @Test
    void commandsThatComeDuringASearchShareTheNextOne() throws Exception {
        var first = searches.killAll(List.of("a"));
        Search running = begun.take();
        var second = searches.killAll(List.of("b", "c"));
        var third = searches.killAll(List.of("d"));
        running.answer().complete(true);
        Search next = begun.take();
        next.answer().complete(false);

        assertThat(running.commands()).containsExactly("a");
        assertThat(next.commands()).containsExactly("b", "c", "d");
        assertThat(first.get()).isTrue();
        assertThat(second.get()).isFalse();
        assertThat(third.get()).isFalse();
    }

    @Test
    void aSearchThatDoesNotEndDelaysOthersForALimitedTime() throws Exception {
        var endless = searches.killAll(List.of("endless"));
        begun.take();

        var other = searches.killAll(List.of("other"));
        begun.take().answer().complete(true);

        assertThat(other.get()).isTrue();
        assertThat(endless).isNotDone();
    }

    @Test
    void aSearchThatCannotBeginDoesNotStopFurtherOnes() throws Exception {
        assertThat(searches.killAll(List.of("rejected"))
                        .handle((clean, failure) -> failure)
                        .get())
                .isInstanceOf(RejectedExecutionException.class);

        var other = searches.killAll(List.of("other"));
        begun.take().answer().complete(true);

        assertThat(other.get()).isTrue();
    }
}
