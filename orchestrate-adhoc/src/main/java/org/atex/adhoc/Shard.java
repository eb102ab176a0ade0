package org.atex.adhoc;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import org.atex.api.PlainTest;
import org.atex.api.TestCase;
import org.atex.artifacts.History;

/**
 * One of several jobs that share the tests of a suite. Each test is in exactly one shard, and all shards take about the
 * same time, by the expected durations of their tests. The tests of a group are in the same shard, as are tests that run
 * {@linkplain TestCase#after after} each other.
 *
 * {@snippet :
 * AdHocOrchestrator.builder(tests).shard(Shard.parse(System.getenv("SHARD"))); // such as 2/4
 * }
 *
 * <p>The split depends only on the names, groups and durations of the tests. All shards must get the same tests, and, if they
 * use a history, copies of the same file: one that has changed between two shards may put a test into both of them, or into
 * none. Each run reports a short text that is the same for all shards of a split.
 *
 * <p>Locks and fixtures are those of each shard.
 *
 * <p>Immutable.
 */
public final class Shard {
    private static final int MAX_COUNT = 100_000;
    private static final Pattern TEXT = Pattern.compile("\\s*(\\d{1,6})\\s*/\\s*(\\d{1,6})\\s*");

    private final int number;
    private final int count;

    private Shard(int number, int count) {
        this.number = number;
        this.count = count;
    }

    /**
     * {@return a shard}
     *
     * @param number the number of the shard, from 1 to the number of shards
     * @param count the number of shards
     * @throws IllegalArgumentException if there is no such shard
     */
    public static Shard of(int number, int count) {
        if (count < 1 || count > MAX_COUNT) {
            throw new IllegalArgumentException(
                    "could not split the tests into " + count + " shards: use a number from 1 to " + MAX_COUNT);
        }
        if (number < 1 || number > count) {
            throw new IllegalArgumentException("could not select shard " + number + " of " + count
                    + ": use a number from 1 to " + count
                    + (number == 0 ? "; the first shard has the number 1, not 0" : ""));
        }
        return new Shard(number, count);
    }

    /**
     * {@return a shard}
     *
     * @param text the number of the shard, a slash and the number of shards, such as {@code 2/4}
     * @throws IllegalArgumentException if the text is not of this form, or there is no such shard
     */
    public static Shard parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("could not read the shard '" + text
                    + "': use the number of the shard and the number of shards, such as 2/4");
        }
        return of(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    /** {@return the number of the shard, from 1 upwards} */
    public int number() {
        return number;
    }

    /** {@return the number of shards} */
    public int count() {
        return count;
    }

    /**
     * {@return the tests of this shard, in the order given}
     *
     * @param tests all tests; their names must be unique
     * @param history gives the durations of tests that have no expected duration; {@link History#empty()} for none
     * @param <T> the type of the tests
     */
    public <T extends TestCase> List<T> select(Collection<T> tests, History history) {
        Set<String> names =
                split(tests.stream().map(PlainTest::copyOf).toList(), history).names();
        return tests.stream().filter(test -> names.contains(test.name())).toList();
    }

    /**
     * A split of tests.
     *
     * @param names the names of the tests of this shard
     * @param id a text that differs for other splits
     */
    record Split(Set<String> names, String id) {}

    private static final class Load {
        private final int shard;
        private Duration takes = Duration.ZERO;
        private int tests;

        Load(int shard) {
            this.shard = shard;
        }

        Duration takes() {
            return takes;
        }

        int tests() {
            return tests;
        }

        int shard() {
            return shard;
        }
    }

    /** Gives each unit of tests, the longest first, to the shard with the least to do. */
    Split split(Collection<PlainTest> tests, History history) {
        PriorityQueue<Load> loads = new PriorityQueue<>(
                Comparator.comparing(Load::takes).thenComparingInt(Load::tests).thenComparingInt(Load::shard));
        for (int i = 1; i <= count; i++) {
            loads.add(new Load(i));
        }
        Set<String> mine = new HashSet<>();
        List<String> lines = new ArrayList<>();
        for (TestUnits.Unit unit : new TestUnits(tests, history).units()) {
            Load least = loads.remove();
            least.takes = least.takes.plus(unit.takes());
            least.tests += unit.tests().size();
            loads.add(least);
            for (PlainTest test : unit.tests()) {
                lines.add(least.shard + " " + test.name());
                if (least.shard == number) {
                    mine.add(test.name());
                }
            }
        }
        CRC32 sum = new CRC32();
        lines.stream().sorted().forEach(line -> sum.update((line + "\0").getBytes(StandardCharsets.UTF_8)));
        return new Split(mine, "%08x".formatted(sum.getValue()));
    }

    /** {@return the shard, such as {@code 2/4}} */
    @Override
    public String toString() {
        return number + "/" + count;
    }
}
