package org.atex.testingfarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class NewRequestTest {
    private static final NewRequest.Access ACCESS = new NewRequest.Access(
            List.of("ssh-rsa AAAA atex"),
            List.of("192.0.2.1/32"),
            Map.of(NewRequest.RUN_TAG, "run-1"),
            Duration.ofMinutes(90));

    private static void assertSends(Reservation reservation, String json) {
        assertThat(JsonMapper.shared()
                        .readTree(NewRequest.reserving(reservation, ACCESS).json()))
                .isEqualTo(JsonMapper.shared().readTree(json));
    }

    @Test
    void defaultReservation() {
        assertSends(Reservation.builder("Fedora-41").build(), """
                {"test": {"fmf": {"url": "https://gitlab.com/testing-farm/tests", "ref": "main",
                                  "name": "/testing-farm/reserve"}},
                 "environments": [{
                    "arch": "x86_64",
                    "os": {"compose": "Fedora-41"},
                    "variables": {"TF_RESERVATION_DURATION": "30"},
                    "secrets": {"TF_RESERVATION_AUTHORIZED_KEYS_BASE64": "c3NoLXJzYSBBQUFBIGF0ZXgK"},
                    "settings": {"provisioning": {
                        "tags": {"ArtemisUseSpot": "false", "AtexRun": "run-1"},
                        "security_group_rules_ingress": [{"type": "ingress", "protocol": "tcp",
                            "cidr": "192.0.2.1/32", "port_min": 22, "port_max": 22}]}}}],
                 "settings": {"pipeline": {"timeout": 90}}}""");
    }

    @Test
    void allSettings() {
        Reservation reservation = Reservation.builder("RHEL-10")
                .arch("s390x")
                .pool("metal")
                .hardware(Map.of("memory", ">= 4 GiB", "disk", List.of(Map.of("size", ">= 20 GB"))))
                .kickstart(Map.of("kernel-options", "quiet"))
                .variables(Map.of("A", "1"))
                .secrets(Map.of("PASS", "hunter2"))
                .tags(Map.of("Team", "us", "ArtemisUseSpot", "true"))
                .artifact(Reservation.Artifact.of("fedora-copr-build", "7:fedora-41"))
                .artifact(new Reservation.Artifact("repository", "https://repo.example/", List.of("bash"), false))
                .postInstallScript("echo hello")
                .skipGuestSetup(true)
                .duration(Duration.ofHours(2))
                .reserveTest(URI.create("https://git.example/tests"), "v1", "/sleep")
                .build();
        assertSends(reservation, """
                {"test": {"fmf": {"url": "https://git.example/tests", "ref": "v1", "name": "/sleep"}},
                 "environments": [{
                    "arch": "s390x",
                    "os": {"compose": "RHEL-10"},
                    "pool": "metal",
                    "variables": {"A": "1", "TF_RESERVATION_DURATION": "120"},
                    "secrets": {"PASS": "hunter2",
                                "TF_RESERVATION_AUTHORIZED_KEYS_BASE64": "c3NoLXJzYSBBQUFBIGF0ZXgK"},
                    "hardware": {"memory": ">= 4 GiB", "disk": [{"size": ">= 20 GB"}]},
                    "kickstart": {"kernel-options": "quiet"},
                    "artifacts": [
                        {"type": "fedora-copr-build", "id": "7:fedora-41", "install": true},
                        {"type": "repository", "id": "https://repo.example/", "install": false, "packages": ["bash"]}],
                    "settings": {
                        "pipeline": {"skip_guest_setup": true},
                        "provisioning": {
                            "tags": {"ArtemisUseSpot": "true", "Team": "us", "AtexRun": "run-1"},
                            "post_install_script": "echo hello",
                            "security_group_rules_ingress": [{"type": "ingress", "protocol": "tcp",
                                "cidr": "192.0.2.1/32", "port_min": 22, "port_max": 22}]}}}],
                 "settings": {"pipeline": {"timeout": 90}}}""");
        assertThat(NewRequest.reserving(reservation, ACCESS).toString()).doesNotContain("hunter2", "c3No");
        assertThat(reservation.toString()).isEqualTo("RHEL-10 s390x of metal");
        assertThat(reservation.toBuilder().build().toString()).isEqualTo(reservation.toString());
    }

    @Test
    void copyOfReservationGivesSameRequest() {
        Reservation reservation = Reservation.builder("F")
                .skipGuestSetup(true)
                .secrets(Map.of("PASS", "hunter2"))
                .build();
        assertThat(NewRequest.reserving(reservation.toBuilder().build(), ACCESS).json())
                .isEqualTo(NewRequest.reserving(reservation, ACCESS).json());
    }

    @Test
    void rawBodyMustBeAJsonObject() {
        assertThat(NewRequest.ofJson("{\"test\": {}}").json()).isEqualTo("{\"test\":{}}");
        assertThatThrownBy(() -> NewRequest.ofJson("[]")).hasMessageContaining("JSON object");
    }
}
