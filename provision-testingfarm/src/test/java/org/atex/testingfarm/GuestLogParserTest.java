package org.atex.testingfarm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GuestLogParserTest {
    private final GuestLogParser parser = new GuestLogParser();

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "[F:x86_64:/r] Guest is ready: ArtemisGuest(ab-1, root@10.0.0.7, arch=x86_64,compose=F); root@10.0.0.7",
                "Guest is ready: ArtemisGuest(ab-1, cloud-user@ec2-1.example.com, arch=x); cloud-user@ec2-1.example.com",
                "Guest is ready: ArtemisGuest(ab-1, root@2001:db8::7, arch=x); root@2001:db8::7",
                "Guest is ready: something new root@h.example; root@h.example",
                "[default-0.x:y/z]         primary address: 10.1.2.3; root@10.1.2.3",
                "[a]  primary address: fedora@h.example  ; fedora@h.example"
            })
    void addressIsFound(String line, String address) {
        parser.read(line);
        assertThat(parser.isReady()).isTrue();
        assertThat(parser.address()).isEqualTo(address);
        assertThat(parser.isReserved()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Guest is ready: ArtemisGuest(ab-1, -oProxyCommand=x@h, arch=x)",
                "Guest is ready: ArtemisGuest(ab-1, root@$(reboot), arch=x)",
                "Guest is ready: ArtemisGuest(ab-1, root@a/b, arch=x)",
                "Guest is not ready: root@10.0.0.7",
                "the guest will be at root@10.0.0.7"
            })
    void invalidAddressesAreIgnored(String line) {
        parser.read(line);
        assertThat(parser.address()).isNull();
    }

    @Test
    void firstAddressIsKept() {
        parser.read("Guest is ready: ArtemisGuest(1, root@10.0.0.1, arch=x)");
        parser.read("[g] primary address: 10.0.0.2");
        assertThat(parser.address()).isEqualTo("root@10.0.0.1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[r] starting tests execution", "    execute task #1", "[t] Reservation tick: 1"})
    void startOfReserveTestIsRecognised(String line) {
        parser.read(line);
        assertThat(parser.isReserved()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Result of testing: ERROR", "[testing-farm-request] Cancelling pipeline"})
    void failureIsRecognised(String line) {
        parser.read("all is well");
        assertThat(parser.failure()).isNull();
        parser.read(line);
        assertThat(parser.failure()).isEqualTo(line);
    }
}
