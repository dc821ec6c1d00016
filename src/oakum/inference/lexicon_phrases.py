"""Phrases that `lexicon` recognises, by kind of data."""

from __future__ import annotations

from enum import StrEnum


class FieldClass(StrEnum):
    """Kinds of data, the most harmful first."""

    SECRET = "secret"
    """Credentials: whoever reads it can act as its owner, so nobody should receive it."""
    IDENTITY_DOCUMENT = "identity-document"
    CONTACT = "contact"
    PERSONAL = "personal"
    LOCATION = "location"
    ACTIVITY = "activity"
    AUTHORITY = "authority"
    """Permissions of an account: worth hiding, and never to be set by the account itself."""
    SETTING = "setting"
    HANDLE = "handle"
    """Public names by which an account is recognised."""
    KEY = "key"
    PLAIN = "plain"


OF_A_PERSON = "a condition of a person"
THERE = "when somebody was there"
MAY = "what an account may do"
ADDRESS = "an e-mail address"
PHONE = "a phone number"
ACCOUNT_NAME = "a name of an account"
PICTURE = "a picture"
PLACE = "a place"

# Each entry: class, description, phrases. `_` joins the words of a phrase, which may also be
# written as one word; `^` requires that the phrase is the whole name. PLAIN entries are exceptions.
PHRASES: tuple[tuple[FieldClass, str, str], ...] = (
    (
        FieldClass.SECRET,
        "a password",
        "password passwd passwort pwd ^pass user_pass passphrase pass_phrase passcode pass_code "
        "pin pin_code pin_number",
    ),
    (
        FieldClass.SECRET,
        "a token that can act for somebody",
        "token jwt bearer bearer_token cookie credential authorization_header auth_header "
        "^authorization session_id session_key session_cookie session_secret php_sess_id "
        "signed_url presigned_url pre_signed_url magic_link magic_url reset_link reset_url "
        "login_link login_url invite_link invite_url sas_url",
    ),
    (
        FieldClass.SECRET,
        "a secret key",
        "secret api_key apikey access_key secret_key secret_access_key private_key encryption_key "
        "signing_key master_key license_key stream_key auth_key service_key account_key "
        "wrapping_key aes_key hmac_key rsa_key pem_key ssh_private_key private_pem ^pem keystore "
        "webhook_key connection_string dsn admin_key signature_key priv_key macaroon",
    ),
    (
        FieldClass.SECRET,
        "a seed or code of a second factor",
        "otp totp hotp otp_seed totp_seed mfa_seed otp_code otp_auth_url otp_uri totp_uri "
        "two_factor_code 2_fa_code mfa_code sms_code mnemonic seed_phrase recovery_phrase "
        "wallet_seed recovery_code backup_code security_answer secret_answer",
    ),
    (
        FieldClass.SECRET,
        "a one-time code",
        "reset_code verification_code confirmation_code activation_code auth_code oauth_code "
        "authorization_code access_code login_code security_code endpoint_code gate_code lock_code "
        "invite_code invitation_code",
    ),
    (
        FieldClass.SECRET,
        "a hash that can be reversed by guessing",
        "^hash ^hashed ^salt password_salt",
    ),
    (
        FieldClass.SECRET,
        "a payment card",
        "card_number card_no cc_number credit_card credit_card_number debit_card cardnum ^pan "
        "cvv cvv_2 cvc cvc_2 ^csc card_verification_value card_pan",
    ),
    (
        FieldClass.IDENTITY_DOCUMENT,
        "an identity document",
        "ssn social_security social_security_number social_insurance_number sin_number passport "
        "passport_number national_id national_identity_number id_card identity_card "
        "identity_number id_document driver_license driver_licence drivers_license "
        "drivers_licence driving_license driving_licence licence_number license_number "
        "license_plate licence_plate number_plate registration_plate tax_id tax_number "
        "tax_identifier tax_file_number ^tin tin_number nino national_insurance_number "
        "nhs_number aadhaar aadhar pan_card ^cpf ^cnpj ^curp ^dni ^nif ^bsn pesel personnummer "
        "medicare_number insurance_number health_insurance_number visa_number residence_permit",
    ),
    (
        FieldClass.IDENTITY_DOCUMENT,
        "a bank account",
        "iban bic bank_account bank_account_number account_number account_no routing_number "
        "sort_code swift_code wallet_address bitcoin_address eth_address",
    ),
    (
        FieldClass.CONTACT,
        ADDRESS,
        "email e_mail mail email_address mail_address e_mail_address email_addr",
    ),
    (
        FieldClass.CONTACT,
        PHONE,
        "phone telephone ^tel mobile cell cell_phone cellphone fax msisdn phone_number "
        "mobile_number contact_number fax_number whatsapp",
    ),
    (
        FieldClass.CONTACT,
        "a postal address",
        "address addr ^street street_address street_name street_number street_line ^street_1 "
        "postal_address address_line house_number house_name apartment_number apartment "
        "^line_1 ^line_2 address_line_1 address_line_2",
    ),
    (
        FieldClass.CONTACT,
        "an account of theirs elsewhere",
        "facebook_id google_id apple_id twitter_id strava_id fitbit_id linkedin_id instagram_id "
        "github_id spotify_id discord_id telegram_id telegram_handle skype skype_id twitter_handle "
        "instagram_handle linkedin_url facebook_url emergency_contact next_of_kin",
    ),
    (
        FieldClass.PERSONAL,
        "a date of birth",
        "birthday birth_day birth_date birthdate date_of_birth dob birth_year year_of_birth "
        "birth_month ^born born_on born_at birth",
    ),
    (FieldClass.PERSONAL, "an age", "age age_group age_range age_band age_decade"),
    (FieldClass.PERSONAL, "a gender", "gender sex pronoun gender_identity"),
    (
        FieldClass.PERSONAL,
        "a person's name",
        "first_name given_name forename last_name family_name surname middle_name middle_initial "
        "maiden_name full_name real_name legal_name mother_name father_name name_first name_last "
        "name_given name_family customer_name patient_name employee_name guest_name contact_name "
        "recipient_name cardholder_name card_holder_name passenger_name",
    ),
    (
        FieldClass.PERSONAL,
        "a measure of a body",
        "weight body_weight height bmi body_mass_index body_fat waist hip_size shoe_size "
        "vo_2_max ^ftp cycling_ftp calorie_burned",
    ),
    (
        FieldClass.PERSONAL,
        "where somebody comes from",
        "nationality citizenship birth_place place_of_birth birthplace country_of_birth "
        "mother_tongue native_language ethnicity race_ethnicity immigration_status",
    ),
    (
        FieldClass.PERSONAL,
        "somebody's circumstances",
        "marital_status relationship_status civil_status salary wage income net_worth "
        "credit_score account_balance ^balance net_pay gross_pay card_expiry card_expiration "
        "card_expires_at card_last_4 ^last_4 last_four exp_month exp_year credit_limit "
        "employment_status education_level veteran_status spouse dependents ^health "
        "blood_type blood_group health_status health_condition health_record health_note "
        "health_data health_issue",
    ),
    (
        FieldClass.PERSONAL,
        OF_A_PERSON,
        "pregnant smoker diabetic vaccinated deceased married divorced widowed insured",
    ),
    (
        FieldClass.LOCATION,
        PLACE,
        "location geolocation geo_location ^geo geo_point geo_json lat latitude lng ^lon longitude "
        "lat_lng lat_long lat_lon ^long coordinate coord gps gps_position geohash ^position_lat "
        "city city_name town home_town hometown neighborhood neighbourhood location_name "
        "zip zip_code zipcode postcode post_code postal_code postal whereabout distance_km "
        "distance_mi distance_away current_place home_place check_in_place country_of_residence",
    ),
    (FieldClass.LOCATION, "a time zone, which reveals a region", "timezone time_zone ^tz"),
    (
        FieldClass.ACTIVITY,
        THERE,
        "last_seen last_seen_at last_login last_login_at last_logged_in last_logged_in_at "
        "last_sign_in_at last_signed_in_at current_sign_in_at last_active last_active_at "
        "last_activity last_activity_at last_online last_online_at last_visit last_visited_at "
        "last_access last_accessed_at online is_online ^presence presence_status login_history "
        "seen_at",
    ),
    (
        FieldClass.ACTIVITY,
        "what somebody did",
        "^history search_history watch_history view_history browsing_history order_history "
        "purchase_history location_history activity_log workout_history",
    ),
    (
        FieldClass.ACTIVITY,
        "an address on the network",
        "ip ip_address ip_addr ipv_4 ipv_6 remote_addr remote_ip client_ip last_ip mac_address "
        "mac_addr user_agent",
    ),
    (
        FieldClass.ACTIVITY,
        "a device",
        "device_id device_identifier device_fingerprint browser_fingerprint imei imsi iccid udid "
        "idfa gaid advertising_id ad_id android_id vin serial serial_number serial_no "
        "hardware_id vehicle_identification_number",
    ),
    (
        FieldClass.AUTHORITY,
        MAY,
        "role role_name role_id admin is_admin admin_flag site_admin administrator staff "
        "superuser super_user superadmin super_admin moderator permission privilege authority "
        "access_level access_right acl user_type account_type member_group user_group "
        "security_group entitlement beta_tester is_root sudo group_membership",
    ),
    (
        FieldClass.SETTING,
        "a privacy setting",
        "private ^public is_public privacy privacy_level privacy_setting visibility ^visible "
        "is_visible ^hidden is_hidden audience searchable discoverable listed unlisted "
        "^is_secret do_not_track profile_public profile_visible",
    ),
    (
        FieldClass.SETTING,
        "a setting",
        "setting preference opt_in opt_out newsletter consent ^locale ^theme notification_enabled",
    ),
    (
        FieldClass.HANDLE,
        ACCOUNT_NAME,
        "username user_name ^login login_name user_login screen_name handle slug nickname "
        "nick_name ^nick ^alias display_name ^name profile_name member_name account_name "
        "owner_name author_name user_handle preferred_name vanity_name",
    ),
    (
        FieldClass.HANDLE,
        PICTURE,
        "avatar avatar_url image_url ^image ^photo photo_url picture picture_url profile_image "
        "profile_photo profile_image_url profile_photo_url gravatar gravatar_id avatar_id "
        "thumbnail thumbnail_url",
    ),
    (
        FieldClass.KEY,
        "an object",
        "id uuid guid ^uid ^oid ^pk ^sid userid accountid memberid customerid primary_key "
        "foreign_key ulid",
    ),
    (
        FieldClass.SECRET,
        "a secret key",
        "server_key app_key client_key sdk_key db_connection database_connection",
    ),
    (
        FieldClass.SECRET,
        "a token that can act for somebody",
        "join_link join_url webhook_url remember_key",
    ),
    (
        FieldClass.IDENTITY_DOCUMENT,
        "an identity document",
        "id_number identification identification_number identity_document identity_document_id "
        "id_document_number document_number document_no owner_document_id personal_number "
        "personal_code person_number citizen_id citizen_number birth_certificate voter_id "
        "military_id diplomatic_id resident_id work_permit green_card professional_card "
        "passport_no passport_id national_number national_insurance driver_license_number "
        "drivers_license_number driving_licence_number plate_number license_plate_number "
        "licence_plate_number vehicle_registration vehicle_registration_number",
    ),
    (
        FieldClass.IDENTITY_DOCUMENT,
        "a number of the tax office",
        "^vat ^vatin vat_id vat_number vat_no vat_code tax_no tax_code tax_reference fiscal_code "
        "codice_fiscale ^ein ^abn ^acn ^siren ^siret gst_number ^gstin pan_number ^rfc ^cuit "
        "^nie",
    ),
    (
        FieldClass.IDENTITY_DOCUMENT,
        "a bank account",
        "bank_sort_code bank_code swift swift_bic bsb bsb_number aba_number transit_number "
        "clabe ifsc ifsc_code account_iban iban_number bank_account_no bank_details",
    ),
    (
        FieldClass.CONTACT,
        PHONE,
        "^tel_no tel_number phone_no telephone_ext telephone_extension phone_ext "
        "phone_extension home_tel work_tel contact_phone",
    ),
    (
        FieldClass.CONTACT,
        "a postal address",
        "street full_street po_box post_box postbox post_office_box address_addition "
        "address_suffix "
        "building_name building_number sub_building house_no room_number flat_number "
        "apartment_no thoroughfare dependent_thoroughfare sub_premise subpremise "
        "premise_number unit_number street_unit care_of ^line_3",
    ),
    (
        FieldClass.CONTACT,
        "an account of theirs elsewhere",
        "^linkedin ^twitter ^facebook ^instagram ^telegram ^wechat ^viber ^snapchat ^tiktok "
        "twitter_username twitter_screen_name instagram_username facebook_username "
        "linkedin_profile linkedin_profile_url facebook_profile vcard v_card",
    ),
    (
        FieldClass.PERSONAL,
        "a person's name",
        "director_name manager_name person_name account_holder account_holder_name "
        "owner_full_name contact_full_name real_name_normalized ^middle ^initials maternal_name "
        "paternal_name",
    ),
    (
        FieldClass.PERSONAL,
        "a face or a signature",
        "^face face_image face_photo selfie signature_image handwritten_signature "
        "fingerprint_image",
    ),
    (
        FieldClass.PERSONAL,
        "where somebody comes from",
        "native_country country_of_origin birth_country nationalities",
    ),
    (
        FieldClass.PERSONAL,
        "somebody's circumstances",
        "current_balance available_balance outstanding_balance hourly_rate pay_rate "
        "compensation pep politically_exposed is_pep",
    ),
    (
        FieldClass.LOCATION,
        PLACE,
        "address_state address_region address_locality address_city address_county "
        "address_province bill_city ship_city bill_state ship_state billing_state "
        "shipping_state mailing_state home_state state_code state_province province county "
        "district prefecture municipality suburb locality sub_locality admin_area zip_4 "
        "administrative_area sub_administrative_area district_name county_name town_name "
        "state_province_region zip_plus_4 "
        "birth_city",
    ),
    (
        FieldClass.LOCATION,
        "a time zone, which reveals a region",
        "timezone_id time_zone_id timezone_code timezone_name ^zoneinfo",
    ),
    (
        FieldClass.ACTIVITY,
        THERE,
        "first_login first_login_at first_seen last_login_date last_login_time last_login_ip "
        "last_connection last_connected_at",
    ),
    (
        FieldClass.AUTHORITY,
        MAY,
        "scope oauth_scope granted_scope permission_level user_level",
    ),
    (
        FieldClass.PLAIN,
        "",
        "next_token page_token next_page_token continuation_token sync_token cursor_token "
        "pagination_token stop_token max_token total_token input_token output_token "
        "prompt_token completion_token used_token public_key publishable_key sort_key "
        "web_address server_address host_address bind_address memory_address contract_address "
        "file_location storage_location source_location download_location repository_full_name "
        "repo_full_name project_full_name package_full_name file_full_name "
        "max_age cache_age min_age minimum_age maximum_age account_age mean_age redirect_location "
        "font_weight line_height row_height block_height max_height min_height "
        "access_key_id key_id public_ip credential_id client_id app_id zip_file zip_url "
        "file_mode secret_name token_id",
    ),
)

TOPICS: dict[tuple[str, ...], str] = {
    tuple(phrase.split("_")): noun
    for noun, phrases in (
        (
            "somebody's health",
            "heart_rate blood medical diagnosis medication prescription allergy disability "
            "pregnancy menstrual fertility therapy biometric genetic effort_zone",
        ),
        (
            "a belief, an origin or a conviction",
            "religion religious ethnic sexual sexuality political criminal",
        ),
    )
    for phrase in phrases.split()
}
"""Sensitive subjects: phrase, which may be anywhere in a name → its noun."""
