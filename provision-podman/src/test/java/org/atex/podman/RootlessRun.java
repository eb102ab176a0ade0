package org.atex.podman;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.atex.api.Command;
import org.atex.api.Connection;
import org.atex.api.Input;
import org.atex.api.Offer;
import org.atex.api.Remote;
import org.atex.api.RunningCommand;

/**
 * Program that {@link RootlessTest} runs as another user. It uses a container and prints results, which the test
 * compares.
 */
final class RootlessRun {
    private RootlessRun() {}

    /**
     * Provisions a container, uses it and removes it.
     *
     * @param arguments the image and an empty directory
     */
    public static void main(String[] arguments) throws Exception {
        Path directory = Path.of(arguments[1]);
        try (PodmanProvisioner containers = PodmanProvisioner.builder(arguments[0])
                .pull(PullPolicy.NEVER)
                .runOptions("--network=none")
                .build()) {
            containers.provision(1);
            Offer offer = containers.take(Duration.ofSeconds(60));
            if (!(offer instanceof Offer.Ready(Remote system))) {
                throw new IllegalStateException(offer.toString());
            }
            try (system) {
                use(system.connection(), directory);
            }
        }
    }

    private static void use(Connection connection, Path directory) throws Exception {
        Path tree = Files.createDirectories(directory.resolve("tree/inner"));
        Files.writeString(tree.resolve("file"), "there and back\n");
        connection.upload(directory.resolve("tree"), "/srv/tree");
        connection.upload(tree.resolve("file"), "/srv/tree/single");
        connection.download("/srv/tree", directory.resolve("back"));
        System.out.print(Files.readString(directory.resolve("back/inner/file")));
        System.out.print(Files.readString(directory.resolve("back/single")));

        Command command = Command.bash("echo $(id -u) $A; cat; exit 3").withEnvironment("A", "1");
        var result = connection.run(command.withStdin(Input.text("in\n")));
        System.out.println(result.stdout() + result.end());

        RunningCommand endless = connection.start(Command.bash("setsid sleep 4711 & echo up; sleep 4711"));
        System.out.println(new String(endless.stdout().readNBytes(2), UTF_8));
        endless.close();
        System.out.println(
                connection.run(Command.of("pgrep", "-f", "sleep 4711")).end());
    }
}
