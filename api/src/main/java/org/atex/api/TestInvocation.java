package org.atex.api;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A test with what it receives where it runs: environment variables, the values of its fixtures, and the other systems
 * of a {@link MultihostTest}.
 * Orchestrators pass it to executors. A program may use it to add variables to a test of any executor:
 *
 * {@snippet :
 * TestCase test = TestInvocation.of(fmfTest).withVariable("SERVER", "https://staging.example.org");
 * }
 *
 * <p>Every executor must honour it: executors find their own type of test by {@link TestCase#unwrap}, and the variables
 * by {@link #of}. {@code ExecutorContract} in the testkit checks that.
 *
 * <p>Thread safety: immutable; each {@code with…} method returns a changed copy.
 *
 * @param wrapped the test
 * @param environment variables for the commands of the test, which take precedence over its own
 * @param values the values of the fixtures of the test, by the name of the fixture
 * @param topology the systems of the test, or null if it runs on one system
 * @param rendezvous where its parts wait for each other, or null if it runs on one system
 */
public record TestInvocation(
        TestCase wrapped,
        Map<String, String> environment,
        Map<String, Object> values,
        @Nullable Topology topology,
        @Nullable Rendezvous rendezvous)
        implements TestCase {
    /** Copies the variables and the values. */
    public TestInvocation {
        environment = Map.copyOf(environment);
        values = Map.copyOf(values);
    }

    /**
     * {@return an invocation of a test with the variables and the topology that it has already} It has some if it is an
     * invocation or wraps one.
     *
     * @param test a test
     */
    public static TestInvocation of(TestCase test) {
        TestInvocation inner = test.unwrap(TestInvocation.class).orElse(null);
        if (inner == null) {
            return new TestInvocation(test, Map.of(), Map.of(), null, null);
        }
        TestInvocation more = of(inner.wrapped());
        return new TestInvocation(
                test,
                plus(more.environment(), inner.environment()),
                plus(more.values(), inner.values()),
                inner.topology() == null ? more.topology() : inner.topology(),
                inner.rendezvous() == null ? more.rendezvous() : inner.rendezvous());
    }

    private static <T> Map<String, T> plus(Map<String, T> some, Map<String, T> more) {
        Map<String, T> all = new HashMap<>(some);
        all.putAll(more);
        return all;
    }

    /**
     * {@return this invocation with another variable}
     *
     * @param name the name of an environment variable
     * @param value its value
     */
    public TestInvocation withVariable(String name, String value) {
        return withEnvironment(Map.of(name, value));
    }

    /**
     * {@return this invocation with more variables}
     *
     * @param more environment variables
     */
    public TestInvocation withEnvironment(Map<String, String> more) {
        return new TestInvocation(wrapped, plus(environment, more), values, topology, rendezvous);
    }

    /**
     * {@return this invocation with the value of a fixture, and its variables}
     *
     * @param fixture the fixture
     * @param value its value
     * @param <T> the type of the value
     */
    public <T> TestInvocation withValue(Fixture<T> fixture, T value) {
        return new TestInvocation(
                wrapped,
                plus(environment, fixture.environment(value)),
                plus(values, Map.of(fixture.name(), (Object) value)),
                topology,
                rendezvous);
    }

    /**
     * {@return the value of a fixture of this test}
     *
     * @param fixture the fixture
     * @param <T> the type of the value
     * @throws IllegalStateException if the test does not use the fixture
     */
    @SuppressWarnings("unchecked") // values are set by withValue, with the type of their fixture
    public <T> T value(Fixture<T> fixture) {
        Object value = values.get(fixture.name());
        if (value == null) {
            throw new IllegalStateException("the test " + name() + " has no value of the fixture " + fixture.name()
                    + ": add it by withFixture(\"" + fixture.name() + "\"), and to the run by fixture(…)");
        }
        return (T) value;
    }

    /**
     * {@return this invocation on one of several systems, with the variables that describe them}
     *
     * @param systems the systems
     * @see Topology#variables()
     */
    public TestInvocation withTopology(Topology systems) {
        return new TestInvocation(wrapped, plus(environment, systems.variables()), values, systems, rendezvous);
    }

    /**
     * {@return this invocation with a place where its parts wait for each other}
     *
     * @param place the place, the same for all parts
     */
    public TestInvocation withRendezvous(Rendezvous place) {
        return new TestInvocation(wrapped, environment, values, topology, place);
    }

    @Override
    public String name() {
        return wrapped.name();
    }
}
