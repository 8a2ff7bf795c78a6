package io.winnow.features;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.TreeMap;

/** The canonical (key, value) entries that make up the feature state. */
final class StateEntries {
  /** First byte of a user's keys: USER id 0 kind. */
  static final int USER = 'u';

  /** First byte of the key of an item's attributes: ITEM index. */
  static final int ITEM = 'i';

  /** First byte of the key of an item's features: ITEM_FEATURES index. */
  static final int ITEM_FEATURES = 'j';

  /** First byte of the key of a state that no single user or item owns: SHARED group key. */
  static final int SHARED = 'e';

  /** First byte of the key of a user's attributes that serve as keys: USER_CATEGORIES id. */
  static final int USER_CATEGORIES = 'a';

  /** First byte of the key of a tile of item counts: COUNTS window tile. */
  static final int COUNTS = 'c';

  /** The key of the format version, plan hash and applied offset; no part of the state. */
  static final int META = 'm';

  private StateEntries() {}

  /** Receives entries. */
  interface Sink {
    /** The entry has this value now. */
    void put(byte[] key, byte[] value);

    /** The entry is no more. */
    void remove(byte[] key);
  }

  /** Holds entries in the unsigned order of their keys, to digest them. */
  static final class Sorted implements Sink {
    private final TreeMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);

    @Override
    public void put(byte[] key, byte[] value) {
      entries.put(key, value);
    }

    @Override
    public void remove(byte[] key) {
      entries.remove(key);
    }

    String digest() {
      Digest digest = new Digest();
      entries.forEach(digest::add);
      return digest.hex();
    }
  }

  /** Digests entries that come in the unsigned order of their keys. */
  static final class Digest {
    private final MessageDigest sha256;

    Digest() {
      try {
        sha256 = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java platform has SHA-256", e);
      }
    }

    void add(byte[] key, byte[] value) {
      sha256.update(new ByteSink().varint(key.length).varint(value.length).toBytes());
      sha256.update(key);
      sha256.update(value);
    }

    String hex() {
      return HexFormat.of().formatHex(sha256.digest());
    }
  }
}
