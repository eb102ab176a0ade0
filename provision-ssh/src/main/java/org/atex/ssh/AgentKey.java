package org.atex.ssh;

import java.io.IOException;
import net.schmizz.sshj.common.Buffer;
import net.schmizz.sshj.common.Message;
import net.schmizz.sshj.common.SSHPacket;
import net.schmizz.sshj.transport.TransportException;
import net.schmizz.sshj.userauth.UserAuthException;
import net.schmizz.sshj.userauth.method.AbstractAuthMethod;

/** Logs in with a key that an agent keeps (RFC 4252 §7). */
final class AgentKey extends AbstractAuthMethod {
    private static final int RSA_SHA2_512 = 4;

    private final AgentClient agent;
    private final byte[] shown;
    private final byte[] signing;

    /**
     * Makes one.
     *
     * @param agent who signs
     * @param shown the key that the host is shown, as it travels: it may be a certificate
     * @param signing the same key as the agent has it
     */
    AgentKey(AgentClient agent, byte[] shown, byte[] signing) {
        super("publickey");
        this.agent = agent;
        this.shown = shown.clone();
        this.signing = signing.clone();
    }

    private static String type(byte[] key) throws UserAuthException {
        try {
            return new Buffer.PlainBuffer(key).readString();
        } catch (Buffer.BufferException e) {
            throw new UserAuthException("the agent has a key that is none", e);
        }
    }

    private static boolean isRsa(String type) {
        return type.startsWith("ssh-rsa");
    }

    /** The keys of old are signed with new hashes. */
    private static String algorithm(String type) {
        return !isRsa(type) ? type : type.equals("ssh-rsa") ? "rsa-sha2-512" : KeyKinds.RSA_CERTIFICATE;
    }

    private SSHPacket request(boolean signed) throws UserAuthException {
        return super.buildReq()
                .putBoolean(signed)
                .putString(algorithm(type(shown)))
                .putString(shown);
    }

    @Override
    protected SSHPacket buildReq() throws UserAuthException {
        return request(false);
    }

    @Override
    public void handle(Message message, SSHPacket packet) throws UserAuthException, TransportException {
        if (message != Message.USERAUTH_60) {
            super.handle(message, packet);
            return;
        }
        SSHPacket request = request(true);
        byte[] data = new Buffer.PlainBuffer()
                .putString(params.getTransport().getSessionID())
                .putBuffer(request)
                .getCompactData();
        try {
            int flags = isRsa(type(shown)) ? RSA_SHA2_512 : 0;
            params.getTransport().write(request.putString(agent.sign(signing, data, flags)));
        } catch (IOException e) {
            throw new UserAuthException("the agent did not sign", e);
        }
    }
}
