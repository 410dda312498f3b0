// Not compiled here: written for LiteRT's Kotlin API
// (com.google.ai.edge.litert:litert:2.1.0), after its documentation.

package kprivacy

import android.content.res.AssetManager
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.security.SecureRandom
import kotlin.math.abs
import org.json.JSONObject

/** One bundle of `python -m export.main`, copied into the app's assets.
 *
 * Checks the golden pair before it gives anything out: a phone that computes
 * something else than the training did must not send.
 */
class KprivacyClient(
    private val assets: AssetManager,
    private val folder: String,
) : AutoCloseable {
    private val random = SecureRandom()
    private val contract = JSONObject(String(read("contract.json")))
    private val client = contract.getJSONArray("clients").getJSONObject(0)
    private val signature = client.getString("signature")
    private val inputs = tensors("inputs")
    private val output = tensors("outputs").single()
    private val model: CompiledModel

    init {
        require(contract.getInt("format") == FORMAT) {
            "$folder has format ${contract.getInt("format")}, not $FORMAT"
        }
        model = CompiledModel.create(
            assets,
            "$folder/${client.getString("file")}",
            CompiledModel.Options(Accelerator.CPU),
        )
        checkGoldenPair()
    }

    /** What is sent: bytes, or little-endian float32 where the contract says so.
     *
     * @param given Each input of the contract by its name, in the same form.
     *     "noise" may be left out: it is drawn anew then, as it has to be.
     */
    fun send(given: Map<String, ByteArray>): ByteArray {
        val buffers = inputs.associate { tensor ->
            val name = tensor.getString("name")
            val values = given[name] ?: fresh(tensor)
            val buffer = model.createInputBuffer(name, signature)
            if (isBytes(tensor)) buffer.writeInt8(values)
            else buffer.writeFloat(floats(values))
            name to buffer
        }
        val name = output.getString("name")
        val sent = model.createOutputBuffer(name, signature)
        model.run(buffers, mapOf(name to sent), signature)
        val result = if (isBytes(output)) sent.readInt8() else bytes(sent.readFloat())
        (buffers.values + sent).forEach { it.close() }
        return result
    }

    override fun close() = model.close()

    private fun fresh(tensor: JSONObject): ByteArray {
        require(tensor.getString("kind") == "noise") {
            "the input ${tensor.getString("name")} is missing"
        }
        return ByteArray(size(tensor)).also { random.nextBytes(it) }
    }

    private fun checkGoldenPair() {
        val golden = client.getJSONObject("golden")
        val fed = ByteBuffer.wrap(read(golden.getString("input")))
        val given = inputs.associate { tensor ->
            val part = ByteArray(size(tensor) * if (isBytes(tensor)) 1 else 4)
            fed.get(part)
            tensor.getString("name") to part
        }
        val sent = send(given)
        val expected = read(golden.getString("output"))
        val tolerance = golden.getDouble("tolerance_quanta")
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

    private fun isBytes(tensor: JSONObject) = tensor.getString("dtype") == "uint8"

    private fun size(tensor: JSONObject): Int {
        val shape = tensor.getJSONArray("shape")
        return (0 until shape.length()).fold(1) { n, i -> n * shape.getInt(i) }
    }

    private fun floats(bytes: ByteArray): FloatArray {
        val buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer()
        return FloatArray(buffer.remaining()).also { buffer.get(it) }
    }

    private fun bytes(floats: FloatArray): ByteArray {
        val buffer = ByteBuffer.allocate(4 * floats.size).order(ByteOrder.LITTLE_ENDIAN)
        buffer.asFloatBuffer().put(floats)
        return buffer.array()
    }

    private fun read(name: String) = assets.open("$folder/$name").use { it.readBytes() }

    private companion object {
        const val FORMAT = 2
    }
}
