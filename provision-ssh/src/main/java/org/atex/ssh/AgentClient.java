package org.atex.ssh;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import net.schmizz.sshj.common.Buffer;

/**
 * Asks an ssh agent, as draft-ietf-sshm-ssh-agent describes: which keys it has, and to sign. One connection for each
 * question. Thread-safe.
 */
final class AgentClient {
    private static final byte IDENTITIES = 11;
    private static final byte IDENTITIES_ANSWER = 12;
    private static final byte SIGN = 13;
    private static final byte SIGN_RESPONSE = 14;
    private static final int LARGEST = 256 * 1024;

    private final Path socket;

    AgentClient(Path socket) {
        this.socket = socket;
    }

    /** {@return the public keys, as they travel} */
    List<byte[]> keys() throws IOException {
        try {
            Buffer.PlainBuffer answer = ask(new Buffer.PlainBuffer().putByte(IDENTITIES), IDENTITIES_ANSWER);
            List<byte[]> keys = new ArrayList<>();
            for (long left = answer.readUInt32(); left > 0; left--) {
                keys.add(answer.readBytes());
                answer.readString(); // a comment
            }
            return keys;
        } catch (Buffer.BufferException e) {
            throw new IOException("the agent's list of keys is broken", e);
        }
    }

    /**
     * {@return a signature, as it travels}
     *
     * @param key the public key
     * @param data what is signed
     * @param flags which hash, for RSA
     */
    byte[] sign(byte[] key, byte[] data, int flags) throws IOException {
        try {
            return ask(
                            new Buffer.PlainBuffer()
                                    .putByte(SIGN)
                                    .putString(key)
                                    .putString(data)
                                    .putUInt32(flags),
                            SIGN_RESPONSE)
                    .readBytes();
        } catch (Buffer.BufferException e) {
            throw new IOException("the agent's signature is broken", e);
        }
    }

    private Buffer.PlainBuffer ask(Buffer.PlainBuffer question, byte expected)
            throws IOException, Buffer.BufferException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            ByteBuffer message = ByteBuffer.wrap(new Buffer.PlainBuffer()
                    .putString(question.getCompactData())
                    .getCompactData());
            while (message.hasRemaining()) {
                channel.write(message);
            }
            int length = read(channel, Integer.BYTES).getInt();
            if (length < 1 || length > LARGEST) {
                throw new IOException("the agent answers with " + length + " bytes");
            }
            Buffer.PlainBuffer answer =
                    new Buffer.PlainBuffer(read(channel, length).array());
            byte type = answer.readByte();
            if (type != expected) {
                throw new IOException("the agent refuses (it answers with " + type + ")");
            }
            return answer;
        }
    }

    private static ByteBuffer read(SocketChannel channel, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new EOFException("the agent hung up");
            }
        }
        return bytes.flip();
    }
}
