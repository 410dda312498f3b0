// Not compiled here: written for LiteRT's Kotlin API
// (com.google.ai.edge.litert:litert:2.1.0), after its documentation.

package kprivacy

import android.content.res.AssetManager
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.security.MessageDigest
import java.security.SecureRandom
import kotlin.math.abs
import org.json.JSONObject

/** One bundle of `python -m export.main`, copied into the app's assets.
 *
 * Checks hashes and the golden pair before it gives anything out: a phone that
 * computes something else than the training did must not send.
 *
 * @param file Which of the bundle's clients, as its contract names them.
 */
class KprivacyClient(
    private val assets: AssetManager,
    private val folder: String,
    file: String = "client.tflite",
) : AutoCloseable {
    private val random = SecureRandom()
    private val contract = ofFormat(JSONObject(String(read("contract.json"))))
    private val client = named(file)
    private val signature = client.getString("signature")
    private val inputs = tensors("inputs")
    private val output = tensors("outputs").single()
    private val model: CompiledModel

    init {
        whole(file)
        model = CompiledModel.create(
            assets,
            "$folder/$file",
            CompiledModel.Options(Accelerator.CPU),
        )
        try {
            checkGoldenPair()
        } catch (error: Throwable) {
            model.close()
            throw error
        }
    }

    /** What is sent: bytes, or little-endian float32 where the contract says so.
     *
     * @param given Each input of the contract by its name, in the same form.
     *     "noise" may be left out: it is drawn anew then, as it has to be. A
     *     "key" is of 0 and 255: `key` makes it.
     */
    @Synchronized
    fun send(given: Map<String, ByteArray>): ByteArray {
        val values = inputs.associateWith { tensor ->
            (given[tensor.getString("name")] ?: fresh(tensor)).also { checkInput(tensor, it) }
        }
        val opened = mutableListOf<AutoCloseable>()
        try {
            val buffers = values.entries.associate { (tensor, bytes) ->
                val name = tensor.getString("name")
                val buffer = model.createInputBuffer(name, signature).also { opened += it }
                when (tensor.getString("dtype")) {
                    "uint8" -> buffer.writeInt8(bytes)
                    "int32" -> buffer.writeInt(ints(bytes))
                    else -> buffer.writeFloat(floats(bytes))
                }
                name to buffer
            }
            val name = output.getString("name")
            val sent = model.createOutputBuffer(name, signature).also { opened += it }
            model.run(buffers, mapOf(name to sent), signature)
            return if (isBytes(output)) sent.readInt8() else bytes(sent.readFloat())
        } finally {
            opened.forEach { it.close() }
        }
    }

    /** The input "key" of a message, out of its pad.
     *
     * @param shake SHAKE-256 of bytes, at least as many as it is asked for;
     *     Android has none, Bouncy Castle's SHAKEDigest(256) is one. It is
     *     checked with the contract's example.
     * @param secret 32 bytes that both ends have.
     * @param nonce 16 new bytes of SecureRandom, sent with the fake.
     */
    fun key(
        shake: (ByteArray, Int) -> ByteArray,
        secret: ByteArray,
        nonce: ByteArray,
    ): ByteArray {
        val tensor = inputs.single { it.getString("kind") == "key" }
        val example = tensor.getJSONObject("example")
        val known = bytesOf(example.getString("secret")) + bytesOf(example.getString("nonce"))
        val begins = example.getString("begins")
        check(begins.indices.all { (bit(shake(known, 64), it) == 1) == (begins[it] == '1') }) {
            "this is not SHAKE-256, or its bits are in another order"
        }
        require(secret.size == 32 && nonce.size == 16) { "secrets are 32 bytes, nonces 16" }
        val count = size(tensor)
        val pad = shake(secret + nonce, (count + 7) / 8)
        return ByteArray(count) { (255 * bit(pad, it)).toByte() }
    }

    /** Whether a cover holds any message; take another one if not. */
    fun hasRoom(cover: ByteArray): Boolean {
        val room = inputs.single { it.getString("kind") == "cover" }.getJSONObject("room")
        val free = room.getInt("above") + 1 until room.getInt("below")
        return cover.count { (it.toInt() and 255) in free } >= room.getInt("pixels")
    }

    @Synchronized
    override fun close() = model.close()

    private fun checkInput(tensor: JSONObject, values: ByteArray) {
        val name = tensor.getString("name")
        require(values.size == size(tensor) * width(tensor)) {
            "$name must be ${size(tensor) * width(tensor)} bytes, not ${values.size}"
        }
        // A byte of 1 would be 1/255 of a bit: next to no encryption.
        require(tensor.getString("kind") != "key" || values.all { it.toInt() in setOf(0, -1) }) {
            "bytes of $name must be 0 or 255, one a bit"
        }
    }

    private fun fresh(tensor: JSONObject): ByteArray {
        require(tensor.getString("kind") == "noise") {
            "the input ${tensor.getString("name")} is missing"
        }
        return ByteArray(size(tensor)).also { random.nextBytes(it) }
    }

    private fun checkGoldenPair() {
        val golden = client.getJSONObject("golden")
        val fed = ByteBuffer.wrap(whole(golden.getString("input")))
        val given = inputs.associate { tensor ->
            val part = ByteArray(size(tensor) * width(tensor))
            fed.get(part)
            tensor.getString("name") to part
        }
        val sent = send(given)
        val expected = whole(golden.getString("output"))
        val tolerance = minOf(golden.getDouble("tolerance_quanta"), TOLERANCE)
        check(sent.size == expected.size && difference(sent, expected) <= tolerance) {
            "$folder does not give its golden output on this device"
        }
    }

    /** The largest difference: in steps of bytes, or in 255ths of the range. */
    private fun difference(one: ByteArray, other: ByteArray): Double {
        if (isBytes(output)) {
            return one.indices.maxOf {
                abs((one[it].toInt() and 255) - (other[it].toInt() and 255))
            }.toDouble()
        }
        val (a, b) = floats(one) to floats(other)
        val range = b.max() - b.min()
        return a.indices.maxOf { abs(a[it] - b[it]) } * 255.0 / range
    }

    private fun tensors(role: String): List<JSONObject> {
        val array = client.getJSONArray(role)
        return List(array.length()) { array.getJSONObject(it) }
    }

    private fun ofFormat(found: JSONObject): JSONObject {
        require(found.optInt("format") == FORMAT) {
            "$folder has format ${found.opt("format")}, not $FORMAT"
        }
        return found
    }

    private fun named(file: String): JSONObject {
        val array = contract.getJSONArray("clients")
        return List(array.length()) { array.getJSONObject(it) }
            .singleOrNull { it.getString("file") == file }
            ?: throw IllegalArgumentException("$folder has no client $file")
    }

    private fun width(tensor: JSONObject) = if (isBytes(tensor)) 1 else 4

    private fun bit(bytes: ByteArray, at: Int) = bytes[at / 8].toInt() shr (7 - at % 8) and 1

    private fun bytesOf(hex: String) = hex.chunked(2).map { it.toInt(16).toByte() }.toByteArray()

    private fun isBytes(tensor: JSONObject) = tensor.getString("dtype") == "uint8"

    private fun size(tensor: JSONObject): Int {
        val shape = tensor.getJSONArray("shape")
        return (0 until shape.length()).fold(1) { n, i -> n * shape.getInt(i) }
    }

    private fun floats(bytes: ByteArray): FloatArray {
        val buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer()
        return FloatArray(buffer.remaining()).also { buffer.get(it) }
    }

    private fun ints(bytes: ByteArray): IntArray {
        val buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer()
        return IntArray(buffer.remaining()).also { buffer.get(it) }
    }

    private fun bytes(floats: FloatArray): ByteArray {
        val buffer = ByteBuffer.allocate(4 * floats.size).order(ByteOrder.LITTLE_ENDIAN)
        buffer.asFloatBuffer().put(floats)
        return buffer.array()
    }

    private fun read(name: String) = assets.open("$folder/$name").use { it.readBytes() }

    /** A file's bytes, if they are those that the contract names. */
    private fun whole(name: String): ByteArray {
        val bytes = read(name)
        val hash = MessageDigest.getInstance("SHA-256").digest(bytes)
            .joinToString("") { "%02x".format(it) }
        check(hash == contract.getJSONObject("sha256").getString(name)) {
            "$folder/$name is not the file that the contract names"
        }
        return bytes
    }

    private companion object {
        const val FORMAT = 3
        const val TOLERANCE = 2.0
    }
}
