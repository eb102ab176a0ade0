package org.atex.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.atex.api.Command;
import org.atex.api.Lock;
import org.atex.api.Need;
import org.atex.api.TestCase;
import org.junit.jupiter.api.Test;

class CommandTestTest {
    @Test
    void saysWhatItsPlanSays() {
        TestCase test = CommandTest.of("/test", Command.of("true"))
                .withPriority(3)
                .withLock(Lock.exclusive("printer"))
                .withNeed(Need.of("arch", "x86_64"))
                .withExpected(Duration.ofSeconds(1))
                .withLimit(Duration.ofSeconds(2))
                .withDestruction()
                .withTag("slow");

        assertThat(test.name()).isEqualTo("/test");
        assertThat(test.priority()).isEqualTo(3);
        assertThat(test.locks()).containsExactly(Lock.exclusive("printer"));
        assertThat(test.needs()).containsExactly(Need.of("arch", "x86_64"));
        assertThat(test.expected()).isEqualTo(Duration.ofSeconds(1));
        assertThat(test.limit()).isEqualTo(Duration.ofSeconds(2));
        assertThat(test.destructive()).isTrue();
        assertThat(test.tags()).containsExactly("slow");
    }
}
