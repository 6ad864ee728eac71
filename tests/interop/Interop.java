/* SPDX-License-Identifier: Apache-2.0
 *
 * What an ordinary Java program does with a token: SunPKCS11's KeyStore, KeyPairGenerator,
 * Signature, Cipher, KeyAgreement, Mac, MessageDigest, SecureRandom.
 *
 *   java Interop.java CONFIG PIN
 */
import java.security.*;
import java.security.spec.*;
import java.util.Arrays;
import javax.crypto.*;
import javax.crypto.spec.*;

public class Interop {
    static Provider token;
    static final byte[] DATA = "what is signed and encrypted".getBytes();

    static void ok(String what, boolean good) {
        if (!good) {
            throw new IllegalStateException("not so: " + what);
        }
        System.out.println("ok    java: " + what);
    }

    static void sign(String algorithm, KeyPair pair) throws Exception {
        Signature s = Signature.getInstance(algorithm, token);
        s.initSign(pair.getPrivate());
        s.update(DATA);
        byte[] signature = s.sign();
        Signature v = Signature.getInstance(algorithm, token);
        v.initVerify(pair.getPublic());
        v.update(DATA);
        ok(algorithm + " verified by the token", v.verify(signature));
        /* and by Java itself, with the public key as bytes */
        KeyFactory f = KeyFactory.getInstance(pair.getPublic().getAlgorithm(),
            pair.getPublic().getAlgorithm().equals("EC") ? "SunEC" : "SunRsaSign");
        PublicKey plain = f.generatePublic(new X509EncodedKeySpec(pair.getPublic().getEncoded()));
        Signature j = Signature.getInstance(algorithm);
        j.initVerify(plain);
        j.update(DATA);
        ok(algorithm + " verified by Java", j.verify(signature));
    }

    static void cipher(String name, Key enc, Key dec, AlgorithmParameterSpec spec) throws Exception {
        Cipher c = Cipher.getInstance(name, token);
        c.init(Cipher.ENCRYPT_MODE, enc, spec);
        byte[] data = name.contains("NoPadding") && !name.contains("GCM") && !name.contains("CTR")
            ? Arrays.copyOf(DATA, 32) : DATA;
        byte[] out = c.doFinal(data);
        Cipher d = Cipher.getInstance(name, token);
        d.init(Cipher.DECRYPT_MODE, dec, spec);
        ok(name, Arrays.equals(d.doFinal(out), data));
    }

    public static void main(String[] args) throws Exception {
        token = Security.getProvider("SunPKCS11").configure(args[0]);
        Security.addProvider(token);
        KeyStore store = KeyStore.getInstance("PKCS11", token);
        store.load(null, args[1].toCharArray());
        ok("key store opens", true);

        KeyPairGenerator rsa = KeyPairGenerator.getInstance("RSA", token);
        rsa.initialize(2048);
        KeyPair r = rsa.generateKeyPair();
        for (String a : new String[] {"SHA256withRSA", "SHA384withRSA", "SHA512withRSA"}) {
            sign(a, r);
        }
        Signature pss = Signature.getInstance("RSASSA-PSS", token);
        pss.setParameter(new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
        pss.initSign(r.getPrivate());
        pss.update(DATA);
        byte[] ps = pss.sign();
        pss.initVerify(r.getPublic());
        pss.update(DATA);
        ok("RSASSA-PSS", pss.verify(ps));
        cipher("RSA/ECB/PKCS1Padding", r.getPublic(), r.getPrivate(), null);

        KeyPairGenerator ec = KeyPairGenerator.getInstance("EC", token);
        for (String curve : new String[] {"secp256r1", "secp384r1", "secp521r1"}) {
            ec.initialize(new ECGenParameterSpec(curve));
            KeyPair e = ec.generateKeyPair();
            sign("SHA256withECDSA", e);
            sign("SHA512withECDSA", e);
            KeyPair peer = ec.generateKeyPair();
            byte[][] secrets = new byte[2][];
            for (int i = 0; i < 2; i++) {
                KeyAgreement ka = KeyAgreement.getInstance("ECDH", token);
                ka.init(i == 0 ? e.getPrivate() : peer.getPrivate());
                ka.doPhase(i == 0 ? peer.getPublic() : e.getPublic(), true);
                secrets[i] = ka.generateSecret();
            }
            ok("ECDH on " + curve, secrets[0].length > 0 && Arrays.equals(secrets[0], secrets[1]));
        }

        KeyGenerator aes = KeyGenerator.getInstance("AES", token);
        aes.init(256);
        SecretKey a = aes.generateKey();
        byte[] iv = new byte[16];
        new java.security.SecureRandom().nextBytes(iv);
        cipher("AES/CBC/NoPadding", a, a, new IvParameterSpec(iv));
        cipher("AES/CBC/PKCS5Padding", a, a, new IvParameterSpec(iv));
        cipher("AES/CTR/NoPadding", a, a, new IvParameterSpec(iv));
        cipher("AES/ECB/NoPadding", a, a, null);
        cipher("AES/GCM/NoPadding", a, a, new GCMParameterSpec(128, iv, 0, 12));

        SecretKeyFactory f = SecretKeyFactory.getInstance("AES", token);
        SecretKey known = f.generateSecret(new SecretKeySpec(new byte[32], "AES"));
        Cipher c1 = Cipher.getInstance("AES/ECB/NoPadding", token);
        c1.init(Cipher.ENCRYPT_MODE, known);
        Cipher c2 = Cipher.getInstance("AES/ECB/NoPadding", "SunJCE");
        c2.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(new byte[32], "AES"));
        ok("a known AES key encrypts as Java does",
            Arrays.equals(c1.doFinal(new byte[32]), c2.doFinal(new byte[32])));

        for (String h : new String[] {"SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512"}) {
            ok(h, Arrays.equals(MessageDigest.getInstance(h, token).digest(DATA),
                MessageDigest.getInstance(h, "SUN").digest(DATA)));
        }
        for (String m : new String[] {"HmacSHA256", "HmacSHA384", "HmacSHA512"}) {
            Mac t = Mac.getInstance(m, token);
            t.init(new SecretKeySpec(new byte[32], m));
            Mac j = Mac.getInstance(m, "SunJCE");
            j.init(new SecretKeySpec(new byte[32], m));
            ok(m, Arrays.equals(t.doFinal(DATA), j.doFinal(DATA)));
        }
        byte[] noise = new byte[64];
        SecureRandom.getInstance("PKCS11", token).nextBytes(noise);
        ok("random bytes", !Arrays.equals(noise, new byte[64]));

        store.setKeyEntry("stored-aes", a, null, null);
        KeyStore again = KeyStore.getInstance("PKCS11", token);
        again.load(null, args[1].toCharArray());
        ok("a key is stored and found", again.containsAlias("stored-aes"));
        if (args.length > 2) {
            PrivateKey k = (PrivateKey) again.getKey(args[2], null);
            PublicKey p = again.getCertificate(args[2]).getPublicKey();
            sign("SHA256with" + (k.getAlgorithm().equals("EC") ? "ECDSA" : "RSA"), new KeyPair(p, k));
        }
    }
}
