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
 * A client of an ssh agent, by the protocol of draft-ietf-sshm-ssh-agent: lists the keys of the agent and has it sign.
 * Each request opens a connection of its own. Thread-safe.
 */
final class AgentClient {
    private static final byte REQUEST_IDENTITIES = 11;
    private static final byte IDENTITIES_ANSWER = 12;
    private static final byte SIGN_REQUEST = 13;
    private static final byte SIGN_RESPONSE = 14;

    /** The limit of OpenSSH's client. It bounds the memory that a wrong length can make this class allocate. */
    private static final int MAX_ANSWER_BYTES = 256 * 1024;

    private final Path socket;

    AgentClient(Path socket) {
        this.socket = socket;
    }

    /**
     * {@return the public keys and certificates of the agent, each in the format of RFC 4253 §6.6}
     *
     * @throws IOException if the agent cannot be reached or its answer cannot be read
     */
    List<byte[]> keys() throws IOException {
        try {
            Buffer.PlainBuffer answer =
                    request(new Buffer.PlainBuffer().putByte(REQUEST_IDENTITIES), IDENTITIES_ANSWER);
            List<byte[]> keys = new ArrayList<>();
            for (long remaining = answer.readUInt32(); remaining > 0; remaining--) {
                keys.add(answer.readBytes());
                answer.readString(); // the comment of the key
            }
            return keys;
        } catch (Buffer.BufferException e) {
            throw new IOException("malformed list of keys from the agent " + socket, e);
        }
    }

    /**
     * {@return a signature by the agent, in the format of RFC 4253 §6.6}
     *
     * @param key the public key, as {@link #keys} returned it
     * @param data the bytes to sign
     * @param flags the flags of the request, which choose the hash for RSA keys
     * @throws IOException if the agent cannot be reached or refuses to sign
     */
    byte[] sign(byte[] key, byte[] data, int flags) throws IOException {
        try {
            return request(
                            new Buffer.PlainBuffer()
                                    .putByte(SIGN_REQUEST)
                                    .putString(key)
                                    .putString(data)
                                    .putUInt32(flags),
                            SIGN_RESPONSE)
                    .readBytes();
        } catch (Buffer.BufferException e) {
            throw new IOException("malformed signature from the agent " + socket, e);
        }
    }

    private Buffer.PlainBuffer request(Buffer.PlainBuffer request, byte expected)
            throws IOException, Buffer.BufferException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            ByteBuffer message = ByteBuffer.wrap(
                    new Buffer.PlainBuffer().putString(request.getCompactData()).getCompactData());
            while (message.hasRemaining()) {
                channel.write(message);
            }
            int length = read(channel, Integer.BYTES).getInt();
            if (length < 1 || length > MAX_ANSWER_BYTES) {
                throw new IOException("the agent " + socket + " announced an answer of " + length
                        + " bytes; expected 1 to " + MAX_ANSWER_BYTES);
            }
            Buffer.PlainBuffer answer =
                    new Buffer.PlainBuffer(read(channel, length).array());
            byte type = answer.readByte();
            if (type != expected) {
                throw new IOException("the agent " + socket + " refused the request (it answered with message type "
                        + type + ", expected " + expected + ")");
            }
            return answer;
        }
    }

    private ByteBuffer read(SocketChannel channel, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new EOFException("the agent " + socket + " closed the connection");
            }
        }
        return bytes.flip();
    }
}
