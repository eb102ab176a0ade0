package org.atex.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.atex.api.Command;
import org.atex.api.Input;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.junit.jupiter.api.Test;

class ScenarioTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Event EVENT = Event.atStart("event", occurrence -> {});

    private static void refused(ThrowingCallable call, String... words) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContainingAll(words);
    }

    @Test
    void eventsThatNeverRunAreRefused() {
        Event never = EVENT.withAtStart(false);
        refused(() -> Scenario.of("/x", SECOND, never), "event", "/x", "never run", "no interval");
        refused(() -> Scenario.of("/x", SECOND, never.withInterval(SECOND)), "never run", "1s", "not shorter");
        refused(() -> Scenario.of("/x", SECOND, never.withInterval(SECOND.multipliedBy(2))), "never run", "2s");
        Scenario runs = Scenario.of("/x", SECOND.multipliedBy(2), never.withInterval(SECOND));
        refused(() -> runs.withDuration(SECOND), "never run");
        assertThat(Scenario.of("/x", SECOND, never.withAtEnd(true)).events()).hasSize(1);
        assertThat(Scenario.of("/x", SECOND, EVENT.withInterval(SECOND.multipliedBy(2)))
                        .events())
                .hasSize(1);
    }

    @Test
    void wrongValuesAreRefused() {
        refused(() -> Scenario.of("/x", SECOND, List.of()), "/x", "no events");
        refused(() -> Scenario.of("/x", SECOND, EVENT, EVENT), "/x", "event", "withName");
        refused(() -> Scenario.of("/x", Duration.ZERO, EVENT), "duration", "positive");
        refused(() -> Scenario.of("/x", Duration.ofSeconds(Long.MAX_VALUE), EVENT), "36500 days");
        refused(() -> Scenario.of("/x", SECOND, EVENT).withGracePeriod(SECOND.negated()), "from 0");
        refused(() -> EVENT.withInterval(Duration.ZERO), "interval", "event", "positive");
        refused(() -> EVENT.withMaxParallel(0), "maxParallel", "at least 1");
        refused(() -> EVENT.withName("a#b"), "a#b", "'#'");
        refused(() -> Event.command("cat", Command.of("cat").withStdin(Input.pipe())), "cat", "input pipe");
    }

    @Test
    void limitIsTheLongestTimeUnlessItIsGiven() {
        Scenario scenario = Scenario.of("/x", Duration.ofHours(3), EVENT);
        assertThat(scenario.expected()).isEqualTo(Duration.ofHours(3));
        // 30 s of grace, 5 min for events at the end, twice 5 s for interrupted occurrences, 30 s for the rest.
        assertThat(scenario.limit()).isEqualTo(Duration.ofHours(3).plusSeconds(30 + 300 + 2 * 5 + 30));
        assertThat(scenario.withGracePeriod(SECOND).withEndLimit(SECOND).limit())
                .isEqualTo(Duration.ofHours(3).plusSeconds(1 + 1 + 2 * 5 + 30));
        assertThat(scenario.withLimit(SECOND).limit()).isEqualTo(SECOND);
        assertThat(scenario.withPlan(plan -> plan.withExpected(SECOND)).expected())
                .isEqualTo(SECOND);
        assertThat(PlainTest.copyOf(scenario).limit()).isEqualTo(scenario.limit());
    }

    @Test
    void propertiesAreThoseOfThePlan() {
        TestCase test = Scenario.of("/x", SECOND, EVENT)
                .withPlan(plan -> plan.withPriority(3).withTag("soak"));
        assertThat(test.priority()).isEqualTo(3);
        assertThat(test.tags()).containsExactly("soak");
        assertThat(Scenario.of("/x", SECOND, EVENT)
                        .withEvent(EVENT.withName("more"))
                        .events())
                .extracting(Event::name)
                .containsExactly("event", "more");
    }

    @Test
    void eventsAreValues() {
        Event every = Event.every("tick", SECOND, EVENT.action());
        assertThat(every.runsAtStart()).isTrue();
        assertThat(every.runsAtEnd()).isFalse();
        assertThat(every.overlap()).isEqualTo(Overlap.SKIP);
        assertThat(every.onFailure()).isEqualTo(OnFailure.FAIL);
        assertThat(every.withMaxParallel(3).overlap()).isEqualTo(Overlap.PARALLEL);
        assertThat(every.withParameter("a", 1).withParameter("b", null).parameters())
                .containsOnlyKeys("a", "b");
        assertThat(Event.atEnd("last", EVENT.action()).runsAtStart()).isFalse();
        assertThat(Event.command("df", Command.of("df"))).isEqualTo(Event.command("df", Command.of("df")));
        assertThat(every.parameters()).isEqualTo(Map.of());
    }
}
