package org.atex.testingfarm;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.interfaces.RSAPublicKey;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.atex.ssh.SshOptions;

/**
 * The key with which we get into the machines. Immutable.
 *
 * @param authorizedKeys what the machines are told
 * @param options what our connections use
 * @param privateKeys where the private keys are, for people
 */
record RunKey(List<String> authorizedKeys, SshOptions options, List<Path> privateKeys) {
    private static final List<String> USUAL = List.of("id_ed25519", "id_ecdsa", "id_rsa");

    /** RSA is what every distribution takes, in FIPS mode too. */
    private static final int BITS = 3072;

    /**
     * {@return a key in a file, whose public half is beside it}
     *
     * @throws IllegalArgumentException if it is not there
     */
    static RunKey given(Path file, SshOptions options) {
        Path half = file.resolveSibling(file.getFileName() + ".pub");
        if (!Files.isReadable(file) || !Files.isReadable(half)) {
            throw new IllegalArgumentException("cannot read the ssh key " + file + " or its public half " + half
                    + ": make both with ssh-keygen -f " + file);
        }
        return new RunKey(List.of(line(half)), options.withKey(file), List.of(file));
    }

    /**
     * {@return the keys in a directory as {@code ~/.ssh}, those that have both halves}
     *
     * @throws IllegalArgumentException if there is none
     */
    static RunKey found(Path directory, SshOptions options) {
        List<String> lines = new ArrayList<>();
        List<Path> files = new ArrayList<>();
        SshOptions all = options;
        for (String name : USUAL) {
            Path file = directory.resolve(name);
            Path half = directory.resolve(name + ".pub");
            if (Files.isReadable(file) && Files.isReadable(half)) {
                lines.add(line(half));
                files.add(file);
                all = all.withKey(file);
            }
        }
        if (lines.isEmpty()) {
            throw new IllegalArgumentException("no ssh key in " + directory + " (looked for " + USUAL
                    + " with .pub beside): make one with ssh-keygen, or let one be generated for the run");
        }
        return new RunKey(lines, all, files);
    }

    /** {@return a new key, in a directory that its owner deletes} */
    static RunKey generated(Path directory, SshOptions options) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(BITS);
            KeyPair pair = generator.generateKeyPair();
            Path file = Files.createFile(
                    directory.resolve("id_rsa"),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(
                    file,
                    "-----BEGIN PRIVATE KEY-----\n"
                            + Base64.getMimeEncoder(64, new byte[] {'\n'})
                                    .encodeToString(pair.getPrivate().getEncoded())
                            + "\n-----END PRIVATE KEY-----\n");
            return new RunKey(List.of(line((RSAPublicKey) pair.getPublic())), options.withKey(file), List.of(file));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has RSA", e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write an ssh key into " + directory, e);
        }
    }

    private static String line(RSAPublicKey key) throws IOException {
        ByteArrayOutputStream blob = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(blob);
        for (byte[] part : List.of(
                "ssh-rsa".getBytes(StandardCharsets.US_ASCII),
                key.getPublicExponent().toByteArray(),
                key.getModulus().toByteArray())) {
            out.writeInt(part.length);
            out.write(part);
        }
        return "ssh-rsa " + Base64.getEncoder().encodeToString(blob.toByteArray()) + " atex";
    }

    /** {@return type and key: the comment says whose it is, which is nobody's business} */
    private static String line(Path half) {
        try {
            List<String> parts = List.of(Files.readString(half).strip().split("\\s+", 3));
            if (parts.size() < 2) {
                throw new IllegalArgumentException(half + " is no public key: make it with ssh-keygen -y");
            }
            return parts.get(0) + " " + parts.get(1) + " atex";
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + half, e);
        }
    }
}
