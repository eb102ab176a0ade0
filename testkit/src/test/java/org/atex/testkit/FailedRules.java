package org.atex.testkit;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs the tests of a contract class, and returns the rules that they found violated. */
final class FailedRules {
    private FailedRules() {}

    /**
     * {@return the failures of the tests, by the number of the rule in lower case}
     *
     * @param contract a subclass of a contract class; its tests run in parallel
     */
    static SortedMap<String, Throwable> of(Class<?> contract) {
        SortedMap<String, Throwable> failed = Collections.synchronizedSortedMap(new TreeMap<>());
        Launcher launcher = LauncherFactory.create();
        launcher.execute(
                LauncherDiscoveryRequestBuilder.request()
                        .selectors(selectClass(contract))
                        // In parallel, because the tests mostly wait and a build runs over a hundred whole contracts.
                        .configurationParameter("junit.jupiter.execution.parallel.enabled", "true")
                        .configurationParameter("junit.jupiter.execution.parallel.mode.default", "concurrent")
                        .configurationParameter("junit.jupiter.execution.parallel.config.strategy", "fixed")
                        .configurationParameter("junit.jupiter.execution.parallel.config.fixed.parallelism", "6")
                        .build(),
                new TestExecutionListener() {
                    @Override
                    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                        if (test.isTest() && result.getStatus() == TestExecutionResult.Status.FAILED) {
                            failed.put(
                                    test.getDisplayName().substring(0, 3),
                                    result.getThrowable().orElseThrow());
                        }
                    }
                });
        return failed;
    }
}
