package org.atex.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.atex.api.Provisioner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Checks that the failure of a contract test names the rule, the calls with their arguments, and the exceeded limit.
 */
@Timeout(180)
class ContractFailuresTest {
    /** A contract with systems that never become ready, although they should within 40 ms. */
    static final class NoSystemsContract extends ProvisionerContract {
        @Override
        protected Provisioner open() {
            return FakeProvisioner.of(FakeSystem.never());
        }

        @Override
        protected Duration readyWithin() {
            return Duration.ofMillis(40);
        }
    }

    private static String failure(Class<?> contract, String test) {
        List<String> messages = new ArrayList<>();
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(selectMethod(contract, test))
                                .build(),
                        new TestExecutionListener() {
                            @Override
                            public void executionFinished(TestIdentifier identifier, TestExecutionResult result) {
                                result.getThrowable().ifPresent(failure -> messages.add(failure.getMessage()));
                            }
                        });
        return messages.getFirst();
    }

    @Test
    void connectionFailureNamesRuleCommandAndResult() {
        BrokenConnectionContract.tested = DelegatingConnection.starting(command -> command.withDirectory("/elsewhere"));

        assertThat(failure(BrokenConnectionContract.class, "c07_commandRunsInItsDirectory"))
                .contains("rule C07 ", "commandRunsInItsDirectory", "run('prints-directory')", "returned");
    }

    @Test
    void provisionerFailureNamesRuleArgumentAndLimit() {
        assertThat(failure(NoSystemsContract.class, "p01_requestedSystemsWork"))
                .contains("rule P01 ", "provision(2)", "take(PT0.04S)", "within PT0.04S, the value of readyWithin()");
    }

    @Test
    void p18DerivesItsLimitFromDelivery() {
        assertThat(failure(NoSystemsContract.class, "p18_manyThreadsTakeEachSystemOnce"))
                .contains("rule P18 ", "take(PT0.05S)", "ProvisionerContract.java:", "did not end within 320 ms");
    }

    @Test
    void callFailureNamesItsPlaceAndItsStack() {
        CountDownLatch never = new CountDownLatch(1);
        Call<Boolean> blocked = Call.to(never::await).awaitBlocked();
        assertThatThrownBy(() -> blocked.result(Duration.ofMillis(5)))
                .hasMessageContaining("callFailureNamesItsPlaceAndItsStack(ContractFailuresTest.java:")
                .hasMessageContaining("did not end within 5 ms")
                .hasMessageContaining("CountDownLatch.await");
        assertThatThrownBy(() -> Call.of(() -> "text").failure()).hasMessageContaining("returned text");
    }
}
