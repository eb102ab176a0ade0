package org.atex.api;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A test with what it receives where it runs: environment variables, and the other systems of a {@link MultihostTest}.
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
 * @param topology the systems of the test, or null if it runs on one system
 */
public record TestInvocation(
        TestCase wrapped,
        Map<String, String> environment,
        @Nullable Topology topology) implements TestCase {
    /** Copies the variables. */
    public TestInvocation {
        environment = Map.copyOf(environment);
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
            return new TestInvocation(test, Map.of(), null);
        }
        TestInvocation more = of(inner.wrapped());
        return new TestInvocation(
                        test, more.environment(), inner.topology() == null ? more.topology() : inner.topology())
                .withEnvironment(inner.environment());
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
        Map<String, String> all = new HashMap<>(environment);
        all.putAll(more);
        return new TestInvocation(wrapped, all, topology);
    }

    /**
     * {@return this invocation on one of several systems, with the variables that describe them}
     *
     * @param systems the systems
     * @see Topology#variables()
     */
    public TestInvocation withTopology(Topology systems) {
        Map<String, String> all = new HashMap<>(environment);
        all.putAll(systems.variables());
        return new TestInvocation(wrapped, all, systems);
    }

    @Override
    public String name() {
        return wrapped.name();
    }
}
